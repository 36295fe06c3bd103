import { type Container, MAX_ROW_BYTES, type SourceRow } from './container.js';
import { parseJsonRow } from './json-row.js';

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** One JSON object per line. Empty lines count, and are skipped. */
export const JSONL: Container = {
  unit: 'line',
  async *rows(source) {
    const lines = new Lines();
    for await (const piece of source.stream()) {
      yield lines.take(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
      if (lines.isTooLong) return;
    }
    yield lines.end();
  },
};

/** Cuts pieces of a file into lines. What is left of a piece is kept for the next one. */
class Lines {
  /** A line did not end within MAX_ROW_BYTES; it was the last one. */
  isTooLong = false;
  private parts: Buffer[] = [];
  private length = 0;
  private line = 1;

  take(piece: Buffer): SourceRow[] {
    const rows: SourceRow[] = [];
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0 && !this.isTooLong; end = piece.indexOf(NEWLINE, start)) {
      this.keep(piece.subarray(start, end));
      this.close(rows);
      start = end + 1;
    }
    if (!this.isTooLong) this.keep(piece.subarray(start));
    if (this.length > MAX_ROW_BYTES) this.close(rows);
    return rows;
  }

  end(): SourceRow[] {
    const rows: SourceRow[] = [];
    this.close(rows);
    return rows;
  }

  private keep(part: Buffer): void {
    if (part.length === 0) return;
    this.parts.push(part);
    this.length += part.length;
  }

  private close(rows: SourceRow[]): void {
    const at = this.line++;
    this.isTooLong = this.length > MAX_ROW_BYTES;
    if (this.isTooLong) {
      rows.push({ at, problem: `is longer than ${MAX_ROW_BYTES} bytes. JSONL has one row per line.` });
    } else {
      const bytes = Buffer.concat(this.parts);
      const text = at === 1 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
      if (!isBlank(text)) rows.push(parseJsonRow(text, at));
    }
    this.parts = [];
    this.length = 0;
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}
