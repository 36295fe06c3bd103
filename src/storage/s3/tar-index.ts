import { StorageError } from '../../common/errors/storage.errors.js';

/** Where a file lies in a tar. */
export interface TarEntry {
  readonly start: number;
  readonly bytes: number;
}

export interface TarIndex {
  /** By the file's name. */
  readonly entries: ReadonlyMap<string, TarEntry>;
  /** Of the whole tar. */
  readonly bytes: number;
}

/** Of a file that needs no header beside its own. */
export const MAX_NAME_LENGTH = 100;

const BLOCK = 512;
/** Two empty blocks end a tar. */
const END_BYTES = 2 * BLOCK;
/** What the header of an entry holds, as the letter at its type. */
const EXTENDED_HEADER = 'x';

/** Names and sizes in the order of the tar, as the comment of its first entry: other programs ignore it. */
export function encodeTarIndex(files: readonly (readonly [name: string, content: Uint8Array])[]): string {
  return JSON.stringify(files.map(([name, { byteLength }]) => [name, byteLength]));
}

/** Reads the index from the first bytes of a tar. @throws StorageError when they are not those of a checkpoint */
export function decodeTarIndex(head: Uint8Array, path: string): TarIndex {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const headerBytes = Number.parseInt(bytes.toString('latin1', 124, 136), 8);
  const records = bytes.subarray(BLOCK, BLOCK + headerBytes);
  const comment = bytes.toString('latin1', 156, 157) === EXTENDED_HEADER ? recordOf(records, 'comment') : null;
  if (comment === null) throw new StorageError(`Stored checkpoint ${path} is damaged: it has no index.`);
  const entries = new Map<string, TarEntry>();
  let at = BLOCK + padded(headerBytes);
  for (const [name, size] of JSON.parse(comment) as [string, number][]) {
    entries.set(name, { start: at + BLOCK, bytes: size });
    at += BLOCK + padded(size);
  }
  return { entries, bytes: at + END_BYTES };
}

/** The value of a record `<length> <keyword>=<value>\n` of an extended header. */
function recordOf(records: Buffer, keyword: string): string | null {
  for (let at = 0; at < records.length;) {
    const length = Number.parseInt(records.toString('latin1', at, at + 20), 10);
    if (!(length > 0)) return null;
    const record = records.toString('utf8', at, at + length - 1);
    const [, name, value] = /^\d+ ([^=]+)=(.*)$/s.exec(record) ?? [];
    if (name === keyword && value !== undefined) return value;
    at += length;
  }
  return null;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / BLOCK) * BLOCK;
}
