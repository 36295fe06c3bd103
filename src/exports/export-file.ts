import { createReadStream } from 'node:fs';

/** A file of an export: its size is known before its bytes are made, and they are made while they are read. */
export interface ExportFile {
  /** Path within the export, with `/`. */
  readonly name: string;
  readonly size: number;
  /** Its bytes from the beginning, made anew by every call. */
  chunks(): AsyncIterable<Uint8Array>;
}

export function fileOfBytes(name: string, bytes: Uint8Array): ExportFile {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(bytes);
  }
  return { name, size: bytes.byteLength, chunks };
}

/** Bytes of a file on disk; `end` is the first that is left out. */
export function bytesBetween(path: string, begin: number, end: number): AsyncIterable<Uint8Array> {
  return createReadStream(path, { start: begin, end: end - 1, highWaterMark: COPY_BYTES });
}

const COPY_BYTES = 2 ** 20;
