import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { downloadFile, HubApiError, listFiles, modelInfo } from '@huggingface/hub';
import { AppError } from '../common/errors/app-error.js';
import { toStorageError } from '../common/errors/storage.errors.js';
import { shardNames } from './checkpoint-files.js';
import { exists, HubCache, matchesEtag } from './hub-cache.js';
import { HubRefusedError, HubUnreachableError } from './hub.errors.js';

/**
 * Fetches what is needed of a model repository into the Hugging Face cache: configuration, tokenizer, chat template,
 * safetensors. A cached model needs no network. Whether the hub can be reached is known within seconds; a download that
 * breaks off goes on where it stopped, now or at the next start, and is checked against the hub's hash.
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

interface RemoteFile {
  readonly name: string;
  readonly size: number;
  readonly etag: string;
}

const SMALL_FILES =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|chat_template)\.json$|^(chat_template\.jinja|vocab\.json|merges\.txt)$/;
const INDEX_FILE = 'model.safetensors.index.json';
const SINGLE_FILE = 'model.safetensors';
const ATTEMPTS = 3;

/** Folder of the model's files. @throws HubUnreachableError, HubRefusedError, StorageFullError. */
export async function fetchModel(repo: string, options: HubOptions): Promise<string> {
  const cache = new HubCache(options.home, repo);
  const cached = await cache.findSnapshot(options);
  if (cached !== null) return cached;
  return new HubDownload(repo, cache, options).run();
}

class HubDownload {
  private readonly request: { repo: string; hubUrl: string; accessToken?: string };
  private doneBytes = 0;
  private totalBytes = 0;

  constructor(
    private readonly repo: string,
    private readonly cache: HubCache,
    private readonly options: HubOptions,
  ) {
    const { token, endpoint } = options;
    this.request = { repo, hubUrl: endpoint.replace(/\/+$/, ''), ...(token === '' ? {} : { accessToken: token }) };
  }

  async run(): Promise<string> {
    const { token } = this.options;
    if (token !== '' && !token.startsWith('hf_')) {
      throw new HubRefusedError(this.repo, 'HF_TOKEN is no access token: it must start with hf_', 'Correct HF_TOKEN.');
    }
    try {
      const commit = await this.resolveCommit();
      const listed = await this.listRepository(commit);
      // The configuration comes after the other small files and before the weights: what findSnapshot looks for is last.
      const small = listed.filter(({ name }) => SMALL_FILES.test(name));
      small.sort((a, b) => Number(a.name === 'config.json') - Number(b.name === 'config.json'));
      this.totalBytes = small.reduce((sum, { size }) => sum + size, 0);
      if (!small.some(({ name }) => name === 'config.json')) throw this.lacks('config.json');
      for (const file of small) await this.fetchFile(file, commit);
      if (this.options.weights) await this.fetchWeights(listed, commit);
      await this.cache.setMain(commit);
      return this.cache.snapshot(commit);
    } catch (error) {
      throw this.explain(error);
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
      const text = await readFile(this.cache.blob(index.etag), 'utf8');
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
    const blob = this.cache.blob(file.etag);
    const before = this.doneBytes;
    if (!(await exists(blob))) await this.fetchBlob(file, commit, blob);
    this.doneBytes = before + file.size;
    this.options.onProgress?.({ file: file.name, doneBytes: this.doneBytes, totalBytes: this.totalBytes });
    await this.cache.link(file.etag, commit, file.name);
  }

  private async fetchBlob(file: RemoteFile, commit: string, blob: string): Promise<void> {
    const incomplete = `${blob}.incomplete`;
    await mkdir(dirname(blob), { recursive: true });
    if ((await sizeOf(incomplete)) > file.size) await rm(incomplete);
    const before = this.doneBytes;
    for (let attempt = 1; ; attempt++) {
      const have = await sizeOf(incomplete);
      this.doneBytes = before + have;
      try {
        await this.append(file, commit, incomplete, have);
        break;
      } catch (error) {
        // As long as bytes arrive, a broken download is worth another attempt.
        const moved = (await sizeOf(incomplete)) > have;
        if (isFinal(error) || (attempt >= ATTEMPTS && !moved)) throw error;
      }
    }
    if (!(await matchesEtag(incomplete, file.size, file.etag))) {
      await rm(incomplete);
      throw new HubRefusedError(this.repo, `${file.name} arrived damaged`, 'Start again to fetch it anew.');
    }
    await rename(incomplete, blob);
  }

  /** Fetches the bytes from `have` on and appends them. */
  private async append(file: RemoteFile, commit: string, incomplete: string, have: number): Promise<void> {
    if (have > 0 && have === file.size) return;
    const watch = new StallWatch(this.options.stallTimeoutMs ?? 30_000);
    try {
      const blob = await downloadFile({ ...this.request, path: file.name, revision: commit, fetch: watch.fetch });
      if (!blob) throw this.lacks(file.name);
      const rest = have === 0 ? blob : blob.slice(have, file.size);
      const progress = async function* (this: HubDownload, chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          watch.alive();
          this.doneBytes += chunk.byteLength;
          this.options.onProgress?.({ file: file.name, doneBytes: this.doneBytes, totalBytes: this.totalBytes });
          yield chunk;
        }
      }.bind(this);
      await pipeline(watch.chunks(rest), progress, createWriteStream(incomplete, { flags: 'a' }));
    } finally {
      watch.stop();
    }
  }

  private lacks(name: string, pytorchOnly = false): HubRefusedError {
    const reason = pytorchOnly ? 'it has only PyTorch .bin weights' : `it has no ${name}`;
    return new HubRefusedError(this.repo, reason, 'Take a repository with safetensors in the transformers layout.');
  }

  private explain(error: unknown): AppError {
    if (error instanceof AppError) return error;
    const endpoint = this.request.hubUrl;
    if (error instanceof HubApiError) {
      const { statusCode } = error;
      if (statusCode >= 500 || statusCode === 429 || statusCode === 408) {
        return new HubUnreachableError(endpoint, `it answers ${statusCode}`, { cause: error });
      }
      const reason = statusCode === 404 ? 'there is no such repository' : `unknown, private or gated (${statusCode})`;
      const remedy = 'Check the name; for a private or gated model set HF_TOKEN and accept its terms on the hub.';
      return new HubRefusedError(this.repo, reason, remedy, { cause: error });
    }
    if (isFileSystemError(error)) return toStorageError(error, `base model '${this.repo}'`, this.cache.folder);
    return new HubUnreachableError(endpoint, reasonOf(error), { cause: error });
  }
}

/** A fetch whose whole answer must be there in time. */
function timedFetch(timeoutMs: number): typeof fetch {
  return (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(timeoutMs) });
}

/** Aborts a download that has been silent for too long. */
class StallWatch {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout;

  constructor(private readonly timeoutMs: number) {
    this.timer = this.arm();
  }

  readonly fetch: typeof fetch = (input, init) => {
    this.alive();
    return fetch(input, { ...init, signal: this.controller.signal });
  };

  alive(): void {
    clearTimeout(this.timer);
    this.timer = this.arm();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** The blob's bytes; ends with the abort even when the blob's own stream does not notice it. */
  chunks(blob: Blob): Readable {
    return Readable.fromWeb(blob.stream(), {
      signal: this.controller.signal,
    });
  }

  private arm(): NodeJS.Timeout {
    const reason = new Error(`no byte arrived for ${this.timeoutMs / 1000} s`);
    return setTimeout(() => this.controller.abort(reason), this.timeoutMs);
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Another attempt cannot help. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof AppError || isFileSystemError(error) || (error instanceof HubApiError && error.statusCode < 500)
  );
}

function isFileSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'it did not answer in time';
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
