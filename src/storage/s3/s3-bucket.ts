import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { type S3Config } from '../../config/store/store-config.js';
import { ContentSource } from '../content-source.js';
import { copyObject } from './copy-object.js';
import { type ByteRange, ObjectChangedError, ObjectDownload } from './object-download.js';
import { DEFAULT_PATIENCE, type Patience, s3Client } from './s3-client.js';
import { isMissing, isNotImplemented, isUploadGone, toS3Failure } from './s3.errors.js';

const MIB = 2 ** 20;
/** An upload may have 10,000 parts: 80 GB. */
const PART_BYTES = 8 * MIB;
/** Parts that travel at a time. With the next one in the making they are all that an upload holds in memory. */
const PARTS_IN_FLIGHT = 3;
/** For what is one small request; the bytes of objects take as long as they take. */
const SMALL_MS = 60_000;
const DELETIONS_AT_ONCE = 8;
/** Longer than an upload lasts. Until then, what a crashed one has sent takes room that no listing shows. */
const ABANDONED_MS = 24 * 3_600_000;

export interface BucketOptions {
  readonly patience?: Patience;
  readonly abandonedMs?: number;
}

export interface StoredObject {
  /** Below the prefix of the bucket. */
  readonly key: string;
  readonly bytes: number;
  readonly writtenAt: Date;
}

/** The beginning of an object. */
export interface ObjectHead {
  readonly head: Buffer;
  /** Of the whole object. */
  readonly bytes: number;
  readonly etag: string;
}

/**
 * A bucket, or a part of one, as objects by key. An object appears whole when its last part has arrived, which is the
 * server's promise. Requests that fail are repeated, and a download that breaks off goes on where it was. Errors are
 * StorageOutageError where a repeat may succeed later, StorageError otherwise; their messages begin with `what`.
 */
export class S3Bucket {
  /** For people. */
  readonly address: string;
  private readonly client: S3Client;
  private readonly links: S3Client | null;
  private readonly patience: Patience;
  private readonly abandonedMs: number;

  constructor(
    private readonly config: S3Config,
    { patience = DEFAULT_PATIENCE, abandonedMs = ABANDONED_MS }: BucketOptions = {},
  ) {
    this.address = `s3://${config.bucket}/${config.prefix}`;
    this.patience = patience;
    this.abandonedMs = abandonedMs;
    this.client = s3Client(config, config.endpoint, patience);
    this.links = config.linkEndpoint === null ? null : s3Client(config, config.linkEndpoint, patience);
  }

  /** Writes an object as its content comes; errors of `content` pass as they are. Returns its bytes. */
  async put(key: string, content: AsyncIterable<Uint8Array>, what: string): Promise<number> {
    const source = new ContentSource(content);
    const params = { ...this.at(key), Body: Readable.from(source.pieces()) };
    const upload = new Upload({ client: this.client, params, partSize: PART_BYTES, queueSize: PARTS_IN_FLIGHT });
    try {
      await upload.done();
      return source.bytes;
    } catch (error) {
      throw source.failed ? error : toS3Failure(error, what, this.address);
    }
  }

  head(key: string, bytes: number, what: string): Promise<ObjectHead> {
    return this.run(what, async () => {
      const download = this.download(key, { start: 0, end: bytes - 1 });
      const pieces: Buffer[] = [];
      for await (const piece of download.pieces()) pieces.push(piece);
      return { head: Buffer.concat(pieces), bytes: download.totalBytes, etag: download.etag };
    });
  }

  /** A part of an object; shorter where that ends. @throws ObjectChangedError when it is not the version that is meant */
  read(
    key: string,
    range: Required<Omit<ByteRange, 'etag'>> & ByteRange,
    what: string,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return this.run(what, async () => {
      const bytes = new Uint8Array(range.end - range.start + 1);
      let length = 0;
      for await (const piece of this.download(key, range).pieces()) {
        bytes.set(piece, length);
        length += piece.length;
      }
      return bytes.subarray(0, length);
    });
  }

  async *stream(key: string, what: string): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.download(key, { start: 0 }).pieces();
    } catch (error) {
      throw toS3Failure(error, what, this.address);
    }
  }

  /** Its bytes; null when there is no such object. */
  size(key: string, what: string): Promise<number | null> {
    return this.run(what, async () => {
      const answer = await unlessMissing(this.client.send(new HeadObjectCommand(this.at(key)), small()));
      return answer && (answer.ContentLength ?? 0);
    });
  }

  /** All whose key begins with this, in the order of their keys. */
  async *list(prefix: string, what: string): AsyncGenerator<StoredObject, void, undefined> {
    const base = { Bucket: this.config.bucket, Prefix: this.config.prefix + prefix };
    let token: string | undefined;
    do {
      const command = new ListObjectsV2Command({ ...base, ContinuationToken: token });
      const page = await this.run(what, () => this.client.send(command, small()));
      for (const { Key = '', Size: bytes = 0, LastModified: writtenAt = new Date(0) } of page.Contents ?? []) {
        yield { key: Key.slice(this.config.prefix.length), bytes, writtenAt };
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  /** One that is not there is ignored. */
  async delete(key: string, what: string): Promise<void> {
    await this.run(what, () => unlessMissing(this.client.send(new DeleteObjectCommand(this.at(key)), small())));
  }

  /** All whose key begins with this. */
  async deleteBelow(prefix: string, what: string): Promise<void> {
    let keys: string[] = [];
    const flush = async () => {
      await Promise.all(keys.map((key) => this.delete(key, what)));
      keys = [];
    };
    for await (const { key } of this.list(prefix, what)) {
      if (keys.push(key) === DELETIONS_AT_ONCE) await flush();
    }
    await flush();
  }

  /** Within the server. */
  copy(from: string, to: string, what: string): Promise<void> {
    const { Bucket, Key } = this.at(from);
    return this.run(what, () => copyObject(this.client, { bucket: Bucket, from: Key, to: this.at(to).Key }));
  }

  /** Null where links are not to be given. */
  async link(key: string, filename: string, validS: number): Promise<string | null> {
    if (this.links === null) return null;
    const answer = {
      ResponseContentType: 'application/x-tar',
      ResponseContentDisposition: `attachment; filename="${filename}"`,
    };
    return getSignedUrl(this.links, new GetObjectCommand({ ...this.at(key), ...answer }), { expiresIn: validS });
  }

  /** Ends uploads that nobody goes on with, where the server can list them. */
  async abortAbandoned(prefix: string, what: string): Promise<void> {
    const base = { Bucket: this.config.bucket, Prefix: this.config.prefix + prefix };
    let from: { KeyMarker?: string; UploadIdMarker?: string } | null = {};
    while (from !== null) {
      const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({ ...base, ...from });
      const sent = this.client.send(command, small()).catch((error: unknown) => {
        if (isNotImplemented(error)) return null;
        throw error;
      });
      const page = await this.run(what, () => sent);
      for (const { Key = '', UploadId, Initiated } of page?.Uploads ?? []) {
        const isOld = Initiated !== undefined && Date.now() - Initiated.getTime() > this.abandonedMs;
        if (isOld && Key.startsWith(base.Prefix)) await this.abort(Key, UploadId, what);
      }
      const hasMore = page?.IsTruncated === true;
      from = hasMore ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : null;
    }
  }

  private async abort(key: string, id: string | undefined, what: string): Promise<void> {
    const command = new AbortMultipartUploadCommand({ Bucket: this.config.bucket, Key: key, UploadId: id });
    await this.run(what, () =>
      this.client.send(command, small()).catch((error: unknown) => {
        if (!isUploadGone(error)) throw error;
      }),
    );
  }

  private download(key: string, range: ByteRange): ObjectDownload {
    return new ObjectDownload(this.client, this.at(key), range, this.patience);
  }

  private at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.config.bucket, Key: this.config.prefix + key };
  }

  private async run<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof ObjectChangedError ? error : toS3Failure(error, what, this.address);
    }
  }
}

function small(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(SMALL_MS) };
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
