import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { type Patience, pauseMs } from './s3-client.js';
import { isBehindEnd } from './s3.errors.js';

export interface ByteRange {
  readonly start: number;
  /** Of the last byte. */
  readonly end?: number;
  /** Of the version that is meant. */
  readonly etag?: string;
}

/** An object was replaced while it was read. */
export class ObjectChangedError extends Error {}

/** An answer ended before all its bytes had come. */
class TruncatedError extends Error {
  readonly code = 'ECONNRESET';
}

/** Bytes of one version of an object. A connection that breaks is opened again where it broke. */
export class ObjectDownload {
  /** Of the version that is read; known with the first piece. */
  etag: string;
  /** Of the whole object; known with the first piece. */
  totalBytes = 0;
  private at: number;
  private end: number | null;

  constructor(
    private readonly client: S3Client,
    private readonly object: { readonly Bucket: string; readonly Key: string },
    { start, end, etag = '' }: ByteRange,
    private readonly patience: Patience,
  ) {
    this.at = start;
    this.end = end ?? null;
    this.etag = etag;
  }

  /** None where the object ends before the range. @throws ObjectChangedError, errors of the client */
  async *pieces(): AsyncGenerator<Buffer, void, undefined> {
    let failures = 0;
    while (this.end === null || this.at <= this.end) {
      // What gets no answer the client itself has repeated.
      const answer = await this.open();
      if (answer === null) return;
      try {
        for await (const piece of bodyOf(answer)) {
          this.at += (piece as Buffer).length;
          failures = 0;
          yield piece as Buffer;
        }
        if (this.at <= (this.end ?? 0)) throw new TruncatedError('The answer ended too early.');
      } catch (error) {
        failures += 1;
        if (failures >= this.patience.attempts) throw error;
        await pause(pauseMs(failures));
      }
    }
  }

  private async open(): Promise<GetObjectCommandOutput | null> {
    const Range = this.at === 0 && this.end === null ? undefined : `bytes=${this.at}-${this.end ?? ''}`;
    const answer = await this.client.send(new GetObjectCommand({ ...this.object, Range })).catch((error: unknown) => {
      if (isBehindEnd(error)) return null;
      throw error;
    });
    if (answer === null) return null;
    if (this.etag !== '' && answer.ETag !== this.etag) {
      bodyOf(answer).destroy();
      throw new ObjectChangedError(`${this.object.Key} was replaced.`);
    }
    this.etag = answer.ETag ?? '';
    this.totalBytes = Number(answer.ContentRange?.split('/')[1] ?? answer.ContentLength);
    this.end = Math.min(this.end ?? Infinity, this.totalBytes - 1);
    return answer;
  }
}

function bodyOf({ Body }: GetObjectCommandOutput): Readable {
  if (Body instanceof Readable) return Body;
  throw new TypeError('The S3 client gave an answer without a stream.');
}
