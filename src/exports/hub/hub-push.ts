import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { commit, createRepo, HubApiError } from '@huggingface/hub';
import { toStorageError } from '../../common/errors/storage.errors.js';
import { type ExportFile } from '../export-file.js';
import { HubPushRefusedError, HubPushUnreachableError } from './hub-push.errors.js';
import { uploadFetch } from './upload-fetch.js';

/** Where files go on a Hugging Face hub. */
export interface HubTarget {
  /** Address of the hub. */
  readonly endpoint: string;
  /** `owner/name` of a model repository; it is created if it is not there. */
  readonly repo: string;
  /** Access token of somebody who may write there; begins with `hf_`. */
  readonly token: string;
  /** Of a repository that is created. One that is there stays as visible as it is. */
  readonly isPrivate: boolean;
}

export interface PushedCommit {
  readonly commit: string;
  readonly url: string;
}

/** Status of the hub's answer for a repository that exists. */
const CONFLICT = 409;

/**
 * Writes files to a repository as one commit, or nothing. They are made once, in a temporary folder (TMPDIR): their
 * SHA-256 comes before the upload. @throws HubPushRefusedError, HubPushUnreachableError, StorageOutageError, and what the
 * files throw while they are made; the signal's reason when it aborts
 */
export async function pushToHub(
  files: readonly ExportFile[],
  title: string,
  { endpoint, repo, token, isPrivate }: HubTarget,
  signal: AbortSignal,
): Promise<PushedCommit> {
  const folder = await mkdtemp(join(tmpdir(), 'thinker-push-'));
  const hub = { repo, hubUrl: endpoint, accessToken: token, fetch: uploadFetch(endpoint) };
  try {
    const operations = [];
    for (const file of files) {
      signal.throwIfAborted();
      operations.push({ operation: 'addOrUpdate' as const, path: file.name, content: await writeFile(folder, file) });
    }
    await createRepo({ ...hub, visibility: isPrivate ? 'private' : 'public' }).catch((error: unknown) => {
      if (!(error instanceof HubApiError && error.statusCode === CONFLICT)) throw error;
    });
    // Without Xet: its protocol sends to further hosts, and the hub takes LFS uploads from every client.
    const made = await commit({ ...hub, operations, title, useXet: false, abortSignal: signal });
    if (!made) throw new TypeError('A commit to a model repository has no result.');
    return { commit: made.commit.oid, url: `${endpoint}/${repo}` };
  } catch (error) {
    throw explain(error, repo, endpoint, signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeFile(folder: string, file: ExportFile): Promise<URL> {
  const path = join(folder, file.name);
  try {
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(path, 'wx');
    try {
      for await (const chunk of file.chunks()) await handle.write(chunk);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw toStorageError(error, 'an export', folder);
  }
  return pathToFileURL(path);
}

/** Nothing of what the library says about the request is passed on but the hub's own words. */
function explain(error: unknown, repo: string, endpoint: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof HubApiError) return new HubPushRefusedError(repo, error.statusCode, hubWords(error));
  // What fetch throws where no answer came.
  if (error instanceof TypeError && error.cause !== undefined) return new HubPushUnreachableError(repo, endpoint);
  return error;
}

function hubWords({ data }: HubApiError): string {
  const words: unknown = data?.['error'] ?? data?.['message'];
  return typeof words === 'string' ? words.slice(0, 300) : '';
}
