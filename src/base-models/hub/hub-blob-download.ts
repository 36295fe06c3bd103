import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { downloadFile } from '@huggingface/hub';
import { type HubBlobs, matchesEtag, sizeOf } from './hub-blobs.js';
import { isFileSystemError, patiently } from './hub-patience.js';
import { HubRefusedError } from './hub.errors.js';

/** A file as the hub lists it. */
export interface RemoteFile {
  readonly name: string;
  readonly size: number;
  /** The name of its blob. */
  readonly etag: string;
}

/** How the hub is asked. */
export interface HubRequest {
  readonly repo: string;
  readonly hubUrl: string;
  readonly accessToken?: string;
}

export interface BlobDownloadOptions {
  /** Longest silence of a download before it is tried again. */
  readonly stallTimeoutMs: number;
  /** Told of the bytes of the file that are there. */
  readonly onBytes: (file: RemoteFile, bytes: number) => void;
  readonly onNotice: (message: string) => void;
}

/** Bytes that arrive wrong are fetched anew this often: what another process has left may be at fault. */
const TRIES = 2;

/** Fetches single files of a repository into the cache; broken downloads go on where they stopped. */
export class BlobDownload {
  constructor(
    private readonly request: HubRequest,
    private readonly blobs: HubBlobs,
    private readonly options: BlobDownloadOptions,
  ) {}

  /** Does nothing for a blob that is whole. @throws HubRefusedError, file system errors, and what fetching throws */
  async fetch(file: RemoteFile, commit: string): Promise<void> {
    if (await this.blobs.isWhole(file.etag, file.size)) return;
    const { repo } = this.request;
    const lock = await this.blobs.lock(file.etag, () =>
      this.options.onNotice(`Waiting for another process that is downloading ${file.name} of ${repo}`),
    );
    try {
      // Whoever had the lock before may have fetched it.
      if (await this.blobs.isWhole(file.etag, file.size)) return;
      if ((await sizeOf(this.blobs.path(file.etag))) > 0) {
        this.options.onNotice(`The cached ${file.name} of ${repo} is damaged; downloading it again`);
      }
      const part = await this.blobs.takePart(file.etag, lock);
      await this.fill(part, file, commit);
      await this.blobs.adopt(part, file.etag);
    } finally {
      await lock.release();
    }
  }

  /** What breaks off is kept for the next start, unless the disk is at fault. */
  private async fill(part: string, file: RemoteFile, commit: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        if ((await sizeOf(part)) > file.size) await rm(part);
        await patiently(
          () => this.append(part, file, commit),
          () => sizeOf(part),
        );
        if (await matchesEtag(part, file.size, file.etag)) return;
      } catch (error) {
        if (isFileSystemError(error)) await rm(part, { force: true });
        throw error;
      }
      await rm(part);
      if (tries === TRIES) {
        throw new HubRefusedError(
          this.request.repo,
          `the downloaded ${file.name} is damaged`,
          'Restart to download it again; if that does not help, a proxy may be modifying it.',
        );
      }
    }
  }

  /** Fetches the bytes that are missing and appends them. */
  private async append(part: string, file: RemoteFile, commit: string): Promise<void> {
    const have = await sizeOf(part);
    if (have > 0 && have === file.size) return;
    const watch = new StallWatch(this.options.stallTimeoutMs);
    try {
      const blob = await downloadFile({ ...this.request, path: file.name, revision: commit, fetch: watch.fetch });
      if (!blob) {
        throw new HubRefusedError(
          this.request.repo,
          `it has no ${file.name}`,
          'Restart: the repository may have changed.',
        );
      }
      const rest = have === 0 ? blob : blob.slice(have, file.size);
      let bytes = have;
      const counted = async function* (this: BlobDownload, chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          watch.alive();
          bytes += chunk.byteLength;
          this.options.onBytes(file, bytes);
          yield chunk;
        }
      }.bind(this);
      await pipeline(watch.chunks(rest), counted, createWriteStream(part, { flags: 'a' }));
    } finally {
      watch.stop();
    }
  }
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
    const reason = new Error(`no data arrived for ${this.timeoutMs / 1000} s`);
    return setTimeout(() => this.controller.abort(reason), this.timeoutMs);
  }
}
