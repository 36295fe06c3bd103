import { JsonTooComplexError } from './json-too-complex.error.js';

/**
 * Counts what parsing a JSON text would make, without making any of it: a few megabytes can hold millions of objects,
 * and JSON.parse cannot be stopped. One pass over the bytes, about 300 MB/s. It reads tokens as JSON.parse does and does
 * not check their order: for text that is not JSON it counts what comes before the fault, which JSON.parse then names.
 */
export interface JsonLimits {
  /** Objects, lists, texts and names. */
  readonly parts: number;
  /** What stands between commas: numbers, mostly. */
  readonly values: number;
  /** Of one object. */
  readonly fields?: number;
}

/** For what the event loop validates and walks. */
export const LOOP_LIMITS: JsonLimits = { parts: 2 ** 16, values: 2 ** 20 };
/** For what a thread reads and turns into tensors: as many as 64 MB of datums of 60 tokens have. */
export const THREAD_LIMITS: JsonLimits = { parts: 2 ** 22, values: 2 ** 26 };

/** Deeper than any request means to be. */
const MAX_DEPTH = 100;
/** Of one object in a request: validation takes each of them. */
const MAX_FIELDS = 1000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPENING = { brace: 0x7b, bracket: 0x5b } as const;
const CLOSING = { brace: 0x7d, bracket: 0x5d } as const;

/** A field of the outermost object: where its name and its value stand. */
export interface ScannedField {
  /** As it was written, without its quotes; escapes are not resolved. */
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** @throws JsonTooComplexError. Returns the fields of the outermost object, in their order. */
export function scanJson(bytes: Uint8Array, limits: JsonLimits): ScannedField[] {
  const scan = new Scan(bytes, limits);
  scan.run();
  return scan.fields;
}

class Scan {
  readonly fields: ScannedField[] = [];
  private readonly fieldCounts = new Int32Array(MAX_DEPTH + 1);
  private readonly bytes: Buffer;
  private depth = 0;
  private parts = 0;
  private values = 0;
  /** The last text of the outermost object: its name, once a colon follows. */
  private text = { start: 0, end: 0 };
  private open: { readonly name: string; readonly start: number; readonly valueStart: number } | null = null;

  constructor(
    bytes: Uint8Array,
    private readonly limits: JsonLimits,
  ) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): void {
    const { bytes } = this;
    for (let at = 0; at < bytes.length; at++) {
      switch (bytes[at]) {
        case QUOTE:
          at = this.skipText(at);
          break;
        case COMMA:
          this.count('values');
          if (this.depth === 1) this.close(at);
          break;
        case COLON:
          this.countField(at);
          break;
        case OPENING.brace:
        case OPENING.bracket:
          this.enter();
          break;
        case CLOSING.brace:
        case CLOSING.bracket:
          if (this.depth === 1) this.close(at);
          this.depth = Math.max(this.depth - 1, 0);
          break;
        default:
      }
    }
  }

  /** Returns where the text ends. */
  private skipText(start: number): number {
    this.count('parts');
    const { bytes } = this;
    let end = bytes.indexOf(QUOTE, start + 1);
    while (end > 0 && isEscaped(bytes, end, start)) end = bytes.indexOf(QUOTE, end + 1);
    if (end < 0) return bytes.length;
    if (this.depth === 1) this.text = { start, end };
    return end;
  }

  private enter(): void {
    this.count('parts');
    this.depth++;
    if (this.depth > MAX_DEPTH) throw new JsonTooComplexError('levels', MAX_DEPTH);
    this.fieldCounts[this.depth] = 0;
  }

  private countField(at: number): void {
    const fields = (this.fieldCounts[this.depth] ?? 0) + 1;
    this.fieldCounts[this.depth] = fields;
    const { fields: most = MAX_FIELDS } = this.limits;
    if (fields > most) throw new JsonTooComplexError('fields in one object', most);
    if (this.depth !== 1) return;
    const { start, end } = this.text;
    this.open = { name: this.bytes.toString('utf8', start + 1, end), start, valueStart: at + 1 };
  }

  private close(end: number): void {
    if (this.open) this.fields.push({ ...this.open, end });
    this.open = null;
  }

  private count(what: 'parts' | 'values'): void {
    this[what]++;
    if (this[what] > this.limits[what]) throw new JsonTooComplexError(NAMES[what], this.limits[what]);
  }
}

const NAMES = {
  parts: 'objects, lists and strings',
  values: 'values',
} as const;

/** Whether an odd number of backslashes stands before `at`. */
function isEscaped(bytes: Buffer, at: number, start: number): boolean {
  let first = at;
  while (first - 1 > start && bytes[first - 1] === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}

/**
 * The outermost object without these fields, whose values may be large and stay unparsed. Null when it is not an object
 * with fields.
 */
export function withoutFields(bytes: Uint8Array, names: readonly string[], limits: JsonLimits): Buffer | null {
  const fields = scanJson(bytes, limits);
  if (fields.length === 0) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept = fields.filter(({ name }) => !names.includes(name));
  const parts = kept.flatMap(({ start, end }, i) => [Buffer.from(i === 0 ? '' : ','), text.subarray(start, end)]);
  return Buffer.concat([Buffer.from('{'), ...parts, Buffer.from('}')]);
}

/** The bytes of a field's value; of the last one where the name is repeated, as JSON.parse takes it. */
export function fieldValue(bytes: Uint8Array, name: string, limits: JsonLimits): Uint8Array | null {
  const field = scanJson(bytes, limits).findLast((candidate) => candidate.name === name);
  return field ? bytes.subarray(field.valueStart, field.end) : null;
}
