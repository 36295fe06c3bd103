import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Extract, extract, type Header, pack } from 'tar-stream';
import { AppError } from '../common/errors/app-error.js';
import { UnsupportedAdapterError } from './format.errors.js';
import { OPTIMIZER_FILE } from './optimizer-state.js';
import { ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE } from './peft-adapter.js';

/**
 * Adapters as tar archives: a stream out, a stream in, gzipped or not. Coming in, only the files of an adapter are
 * taken, from the root or from one folder; what PEFT users have beside them (README, tokenizer) is passed over. Links,
 * absolute paths, `..` and anything beyond the limits are refused before they take memory.
 */
export interface ArchiveLimits {
  /** Bytes after decompression, of everything in the archive. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/** PEFT's has a few kilobytes. */
const MAX_CONFIG_BYTES = 2 ** 20;

export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = { maxBytes: 2 ** 31, maxEntries: 100 };

const ADAPTER_FILES = new Set([ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE, OPTIMIZER_FILE]);

/** The files at the root of a tar stream; `modified` is their time. */
export function packArchive(files: ReadonlyMap<string, Uint8Array>, modified: Date): Readable {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const archive = pack();
    for (const [name, bytes] of files) archive.entry({ name, mtime: modified, mode: 0o644 }, Buffer.from(bytes));
    archive.finalize();
    for await (const chunk of archive) yield chunk as Uint8Array;
  }
  return Readable.from(chunks(), { objectMode: false });
}

/**
 * The adapter's files by name. `source` is not destroyed, so that a refused upload can still be answered.
 * @throws UnsupportedAdapterError with the reason.
 */
export async function readArchive(
  source: Readable,
  limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS,
): Promise<Map<string, Uint8Array>> {
  const archive = extract();
  // A refusal does not wait for the rest of the upload; a fault of the source ends the reading.
  feed(source, archive, limits).catch((error: Error) => archive.destroy(error));
  const files = await collect(archive, limits).catch((error: unknown) => {
    if (error instanceof AppError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const message = `The body is not a valid tar archive: ${reason}`;
    const remedy = 'Send a tar archive, optionally gzipped, of the folder that PEFT saved.';
    throw new UnsupportedAdapterError(message, { remedy }, { cause: error });
  });
  if (files.size > 0) return files;
  throw new UnsupportedAdapterError(`The archive has no ${ADAPTER_CONFIG_FILE} in its root or in a top-level folder.`);
}

async function feed(source: Readable, archive: Extract, limits: ArchiveLimits): Promise<void> {
  const chunks = source.iterator({ destroyOnReturn: false });
  const first = await firstBytes(chunks);
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield first;
    for await (const chunk of chunks) yield chunk as Uint8Array;
  }
  async function* counted(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let total = 0;
    for await (const chunk of bytes) {
      total += chunk.byteLength;
      if (total > limits.maxBytes) throw tooLarge(limits);
      yield chunk;
    }
  }
  const gzipped = first[0] === 0x1f && first[1] === 0x8b;
  await (gzipped ? pipeline(whole, createGunzip(), counted, archive) : pipeline(whole, counted, archive));
}

/** At least two bytes, where there are any. */
async function firstBytes(chunks: AsyncIterator<unknown>): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < 2) {
    const next = await chunks.next();
    if (next.done === true) break;
    bytes = Buffer.concat([bytes, next.value as Uint8Array]);
  }
  return bytes;
}

async function collect(archive: Extract, limits: ArchiveLimits): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  let folder: string | null = null;
  let entries = 0;
  for await (const entry of archive) {
    entries += 1;
    if (entries > limits.maxEntries) {
      throw new UnsupportedAdapterError(`The archive has more than ${limits.maxEntries} entries.`);
    }
    const path = checkedPath(entry.header);
    if (entry.header.size > limits.maxBytes) throw tooLarge(limits);
    if (path.at(-1) === ADAPTER_CONFIG_FILE && entry.header.size > MAX_CONFIG_BYTES) throw configTooLarge();
    const chunks: Uint8Array[] = [];
    const wanted = entry.header.type === 'file' && path.length <= 2 && ADAPTER_FILES.has(path.at(-1) ?? '');
    for await (const chunk of entry) if (wanted) chunks.push(chunk as Uint8Array);
    if (!wanted) continue;
    const within = path.slice(0, -1).join('/');
    if ((folder ?? within) !== within) {
      throw new UnsupportedAdapterError('The archive contains adapters in several folders; send only one.');
    }
    folder = within;
    files.set(path.at(-1)!, joined(chunks));
  }
  return files;
}

/** In memory of their own, so that they can move to a thread, and copied once: files are large. */
function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Parts of the entry's path. */
function checkedPath({ name, type }: Header): string[] {
  const shown = JSON.stringify(name);
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name) || name.includes('\\') || name.includes('\0')) {
    throw new UnsupportedAdapterError(`The archive contains the absolute or invalid path ${shown}.`);
  }
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..'))
    throw new UnsupportedAdapterError(`The archive contains the path ${shown}, which points outside of it.`);
  if (type !== 'file' && type !== 'directory') {
    throw new UnsupportedAdapterError(`The archive contains ${shown}, a ${type}; only files and folders are accepted.`);
  }
  return parts;
}

function configTooLarge(): UnsupportedAdapterError {
  return new UnsupportedAdapterError(`${ADAPTER_CONFIG_FILE} has more than ${MAX_CONFIG_BYTES} bytes.`);
}

function tooLarge(limits: ArchiveLimits): UnsupportedAdapterError {
  return new UnsupportedAdapterError(`The archive contains more than ${Math.round(limits.maxBytes / 1e6)} MB.`);
}
