import { type JsonObject } from '../../common/json/json-fields.js';

/** Bytes of a file, wherever it lies. */
export interface ByteSource {
  readonly size: number;
  read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  stream(): AsyncIterable<Uint8Array>;
}

/** A row as its container holds it, with its line (or its number, counted from 1), or why it cannot be read. */
export type SourceRow =
  { readonly at: number; readonly row: JsonObject } | { readonly at: number; readonly problem: string };

/** How rows lie in a file. */
export interface Container {
  /** What a row's number counts. */
  readonly unit: 'line' | 'row';
  /** In their order, a few at a time. @throws InvalidTrainingFileError for what concerns the whole file */
  rows(source: ByteSource): AsyncIterable<readonly SourceRow[]>;
}

/** Longer than the text of any context. */
export const MAX_ROW_BYTES = 2 ** 24;
