import { readFile } from 'node:fs/promises';
import { HubApiError, listFiles, modelInfo } from '@huggingface/hub';
import { AppError } from '../../common/errors/app-error.js';
import { toStorageError } from '../../common/errors/storage.errors.js';
import { shardNames } from '../checkpoint-files.js';
import { BlobDownload, type HubRequest, type RemoteFile } from './hub-blob-download.js';
import { type CachedSnapshot, HubCache, SMALL_FILES } from './hub-cache.js';
import { isFileSystemError, patiently } from './hub-patience.js';
import { HubRefusedError, HubUnreachableError } from './hub.errors.js';

/**
 * Fetches what is needed of a model repository into the Hugging Face cache: configuration, tokenizer, chat template,
 * safetensors. A cached model needs no network, and is checked against the hashes that its files are named by. Whether
 * the hub can be reached is known within seconds; a download that breaks off goes on where it stopped, now or at the
 * next start. Several processes may fetch one model at the same time, Python's huggingface_hub among them.
 */
export interface HubOptions {
  readonly endpoint: string;
  /** Empty = none. */
  readonly token: string;
  /** HF_HOME; empty = ~/.cache/huggingface. */
  readonly home: string;
  /** False leaves the safetensors out. */
  readonly weights: boolean;
  readonly onProgress?: (progress: HubProgress) => void;
  /** Told what somebody who looks on should know: damaged files, other processes that are waited for. */
  readonly onNotice?: (message: string) => void;
  /** Time for the first answer. */
  readonly connectTimeoutMs?: number;
  /** Longest silence of a download before it is tried again. */
  readonly stallTimeoutMs?: number;
}

export interface HubProgress {
  readonly file: string;
  /** Over all files. */
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** The files of a repository at one commit. */
interface Listing {
  readonly commit: string;
  readonly listed: readonly RemoteFile[];
}

const INDEX_FILE = 'model.safetensors.index.json';
const SINGLE_FILE = 'model.safetensors';

/** Folder of the model's files. @throws HubUnreachableError, HubRefusedError, StorageOutageError. */
export async function fetchModel(repo: string, options: HubOptions): Promise<string> {
  const cache = new HubCache(options.home, repo);
  const cached = await cache.findSnapshot(options);
  const isWhole = cached !== null && cached.damaged.length === 0;
  if (isWhole && cached.complete) return cached.folder;
  // Perhaps a process that computes nothing has fetched all but the weights.
  const begun = cached ?? (await cache.findSnapshot({ weights: false }));
  try {
    return await new HubDownload(repo, cache, options).run(begun);
  } catch (error) {
    // Another tool has fetched it, as far as can be seen all of it.
    if (isWhole && error instanceof HubUnreachableError) return cached.folder;
    throw error;
  }
}

class HubDownload {
  private readonly request: HubRequest;
  private readonly blobs: BlobDownload;
  private doneBytes = 0;
  private totalBytes = 0;

  constructor(
    private readonly repo: string,
    private readonly cache: HubCache,
    private readonly options: HubOptions,
  ) {
    const { token, endpoint, stallTimeoutMs = 30_000, onNotice = () => undefined } = options;
    this.request = { repo, hubUrl: endpoint.replace(/\/+$/, ''), ...(token === '' ? {} : { accessToken: token }) };
    const onBytes = ({ name }: RemoteFile, bytes: number) => this.tell(name, this.doneBytes + bytes);
    this.blobs = new BlobDownload(this.request, cache.blobs, { stallTimeoutMs, onNotice, onBytes });
  }

  /** A snapshot that is there keeps its commit: what is damaged or missing must not make another model of it. */
  async run(cached: CachedSnapshot | null): Promise<string> {
    const { token } = this.options;
    if (token !== '' && !token.startsWith('hf_')) {
      throw new HubRefusedError(
        this.repo,
        'HF_TOKEN is not an access token: it must start with hf_',
        'Set HF_TOKEN to a valid token.',
      );
    }
    try {
      const { commit, listed } = (await this.listAgain(cached)) ?? (await this.listNewest());
      // The configuration comes after the other small files and before the weights: what findSnapshot looks for is last.
      const small = listed.filter(({ name }) => SMALL_FILES.test(name));
      small.sort((a, b) => Number(a.name === 'config.json') - Number(b.name === 'config.json'));
      this.totalBytes = small.reduce((sum, { size }) => sum + size, 0);
      if (!small.some(({ name }) => name === 'config.json')) throw this.lacks('config.json');
      for (const file of small) await this.fetchFile(file, commit);
      if (this.options.weights) await this.fetchWeights(listed, commit);
      await this.cache.markComplete(commit);
      await this.cache.setMain(commit);
      return this.cache.snapshot(commit);
    } catch (error) {
      throw this.explain(error, cached?.damaged ?? []);
    }
  }

  private async listNewest(): Promise<Listing> {
    const commit = await patiently(() => this.resolveCommit());
    return { commit, listed: await patiently(() => this.listRepository(commit)) };
  }

  /** Null where nothing is cached, or the hub has the cached commit no more. */
  private async listAgain(cached: CachedSnapshot | null): Promise<Listing | null> {
    if (cached === null) return null;
    const { commit } = cached;
    try {
      return { commit, listed: await patiently(() => this.listRepository(commit)) };
    } catch (error) {
      if (error instanceof HubApiError && error.statusCode === 404) return null;
      throw error;
    }
  }

  private async resolveCommit(): Promise<string> {
    const fetch = timedFetch(this.options.connectTimeoutMs ?? 4_000);
    const info = await modelInfo({
      ...this.request,
      name: this.repo,
      revision: 'main',
      additionalFields: ['sha'],
      fetch,
    });
    if (/^[0-9a-f]{40}$/.test(info.sha)) return info.sha;
    throw new HubRefusedError(this.repo, 'its commit has no valid hash', 'Check HF_ENDPOINT.');
  }

  private async listRepository(commit: string): Promise<RemoteFile[]> {
    const files: RemoteFile[] = [];
    for await (const entry of listFiles({ ...this.request, revision: commit, fetch: timedFetch(15_000) })) {
      const etag = entry.lfs?.oid ?? entry.oid ?? '';
      if (entry.type === 'file' && /^[0-9a-f]{40,64}$/.test(etag))
        files.push({ name: entry.path, size: entry.size, etag });
    }
    return files;
  }

  private async fetchWeights(listed: readonly RemoteFile[], commit: string): Promise<void> {
    let names = [SINGLE_FILE];
    if (!listed.some(({ name }) => name === SINGLE_FILE)) {
      const index = listed.find(({ name }) => name === INDEX_FILE);
      if (!index)
        throw this.lacks(
          SINGLE_FILE,
          listed.some(({ name }) => name.endsWith('.bin')),
        );
      this.totalBytes += index.size;
      await this.fetchFile(index, commit);
      const text = await readFile(this.cache.blobs.path(index.etag), 'utf8');
      names = shardNames(text, null, `Base model '${this.repo}'`);
    }
    const files = names.map((name) => {
      const file = listed.find((remote) => remote.name === name);
      if (file) return file;
      throw this.lacks(name);
    });
    this.totalBytes += files.reduce((sum, { size }) => sum + size, 0);
    for (const file of files) await this.fetchFile(file, commit);
  }

  private async fetchFile(file: RemoteFile, commit: string): Promise<void> {
    const { name, size, etag } = file;
    if (!(await this.cache.holdsCopy(etag, size, commit, name))) {
      await this.blobs.fetch(file, commit);
      await this.cache.link(etag, commit, name);
    }
    this.doneBytes += size;
    this.tell(name, this.doneBytes);
  }

  private tell(file: string, doneBytes: number): void {
    this.options.onProgress?.({ file, doneBytes, totalBytes: this.totalBytes });
  }

  private lacks(name: string, pytorchOnly = false): HubRefusedError {
    const reason = pytorchOnly ? 'it has only PyTorch .bin weights' : `it has no ${name}`;
    return new HubRefusedError(this.repo, reason, 'Use a repository with safetensors in the transformers layout.');
  }

  /** `damaged`: files of the cache that would have been fetched again. */
  private explain(error: unknown, damaged: readonly string[]): AppError {
    if (error instanceof AppError) return error;
    const unreachable = (reason: string) => {
      const why =
        damaged.length === 0 ? reason : `${reason}; the cached ${damaged.join(', ')} cannot be used because of damage`;
      return new HubUnreachableError(this.repo, this.request.hubUrl, why, { cause: error });
    };
    if (error instanceof HubApiError) {
      const { statusCode } = error;
      if (statusCode >= 500 || statusCode === 429 || statusCode === 408) {
        return unreachable(`it returned status ${statusCode}`);
      }
      const reason = statusCode === 404 ? 'there is no such repository' : `unknown, private or gated (${statusCode})`;
      const remedy = 'Check the name; for a private or gated model set HF_TOKEN and accept its terms on the Hub.';
      return new HubRefusedError(this.repo, reason, remedy, { cause: error });
    }
    if (isFileSystemError(error)) return toStorageError(error, `base model '${this.repo}'`, this.cache.folder);
    return unreachable(reasonOf(error));
  }
}

/** A fetch whose whole answer must be there in time. */
function timedFetch(timeoutMs: number): typeof fetch {
  return (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(timeoutMs) });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'it did not respond in time';
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
