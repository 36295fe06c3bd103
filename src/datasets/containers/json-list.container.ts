import { InvalidTrainingFileError } from '../dataset.errors.js';
import { type Container, MAX_ROW_BYTES, type SourceRow } from './container.js';
import { parseJsonRow } from './json-row.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const BRACE = 0x7d;
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([BRACE, 0x5d]);

/** One JSON list of objects, as ShareGPT and Alpaca are published. */
export const JSON_LIST: Container = {
  unit: 'row',
  async *rows(source) {
    const entries = new Entries();
    for await (const piece of source.stream()) {
      yield entries.take(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
    }
    entries.finish();
  },
};

/** Cuts the entries of the outermost list out of pieces of a file, without a look at what they hold. */
class Entries {
  private depth = 0;
  private hasBegun = false;
  private inText = false;
  private escaped = false;
  private parts: Buffer[] = [];
  private length = 0;
  private count = 0;

  take(piece: Buffer): SourceRow[] {
    const rows: SourceRow[] = [];
    let start = 0;
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at] ?? 0;
      if (this.inText) this.readText(byte);
      else if (byte === QUOTE) this.inText = true;
      else if (OPENING.has(byte)) {
        this.open();
        if (this.depth === 1) start = at + 1;
      } else if (CLOSING.has(byte)) {
        this.depth--;
        if (this.depth === 0) this.end(byte, piece.subarray(start, at), rows);
      } else if (byte === COMMA && this.depth === 1) {
        this.close(piece.subarray(start, at), rows);
        start = at + 1;
      }
    }
    if (this.depth > 0) this.keep(piece.subarray(start));
    return rows;
  }

  finish(): void {
    if (this.depth === 0) return;
    throw new InvalidTrainingFileError([
      { location: `row ${this.count + 1}`, problem: 'The file ends within the list.' },
    ]);
  }

  private keep(part: Buffer): void {
    this.parts.push(part);
    this.length += part.length;
    if (this.length <= MAX_ROW_BYTES) return;
    const problem = `is longer than ${MAX_ROW_BYTES} bytes.`;
    throw new InvalidTrainingFileError([{ location: `row ${this.count + 1}`, problem }]);
  }

  private readText(byte: number): void {
    if (this.escaped) this.escaped = false;
    else if (byte === BACKSLASH) this.escaped = true;
    else if (byte === QUOTE) this.inText = false;
  }

  private open(): void {
    if (this.depth === 0 && this.hasBegun) {
      throw new InvalidTrainingFileError([{ location: null, problem: 'The file has more than one list.' }]);
    }
    this.hasBegun = true;
    this.depth++;
  }

  private end(bracket: number, last: Buffer, rows: SourceRow[]): void {
    const isEmpty = this.count === 0 && this.length === 0 && last.toString('latin1').trim() === '';
    if (isEmpty) return;
    // A brace that does not belong here is one too many in the last entry.
    this.close(bracket === BRACE ? Buffer.concat([last, Buffer.of(BRACE)]) : last, rows);
  }

  private close(last: Buffer, rows: SourceRow[]): void {
    this.keep(last);
    const bytes = Buffer.concat(this.parts);
    this.parts = [];
    this.length = 0;
    this.count++;
    rows.push(parseJsonRow(bytes, this.count));
  }
}
