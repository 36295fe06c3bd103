/* Pieces of grammars in XGrammar's EBNF. */

/** First and last code point. */
export type CharRange = readonly [from: number, to: number];

/** A text as it stands. */
export function literal(text: string): string {
  const escaped = Array.from(text, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    return isPlain(character) ? character : escape(character.codePointAt(0) ?? 0);
  });
  return `"${escaped.join('')}"`;
}

/**
 * One character of these ranges, of which there is at least one. XGrammar's own classes of characters are exact for ASCII
 * only: beyond it a negated one takes bytes that are not UTF-8, and any other compares single bytes. So bytes are what is
 * written here.
 */
export function charClass(ranges: readonly CharRange[]): string {
  const ascii = ranges.filter(([from]) => from < 0x80).map(([from, to]): CharRange => [from, Math.min(to, 0x7f)]);
  const wide = ranges.filter(([, to]) => to >= 0x80).map(([from, to]): CharRange => [Math.max(from, 0x80), to]);
  const narrow = ascii.length > 0 ? [byteClass(ascii)] : [];
  return choice([...narrow, ...without(wide, SURROGATES).flatMap(utf8Sequences)]);
}

/** Halves of surrogate pairs, which no text has. */
const SURROGATES: readonly CharRange[] = [[0xd800, 0xdfff]];

/** The bytes of a range of characters beyond ASCII. */
function utf8Sequences([from, to]: CharRange): string[] {
  const border = [0x7ff, 0xffff].find((last) => from <= last && last < to);
  if (border !== undefined) return [...utf8Sequences([from, border]), ...utf8Sequences([border + 1, to])];
  return byteSequences(utf8Of(from), utf8Of(to)).map((bytes) => bytes.map((range) => byteClass([range])).join(' '));
}

/** Ranges of bytes that together are all sequences from one to another of the same length. */
function byteSequences(low: readonly number[], high: readonly number[]): CharRange[][] {
  const [[first = 0, ...lowRest], [last = 0, ...highRest]] = [low, high];
  if (lowRest.length === 0) return [[[first, last]]];
  const after = (byte: number, rests: CharRange[][]) => rests.map((rest): CharRange[] => [[byte, byte], ...rest]);
  if (first === last) return after(first, byteSequences(lowRest, highRest));
  const [least, most] = [lowRest.map(() => 0x80), lowRest.map(() => 0xbf)];
  const isLeast = lowRest.every((byte) => byte === 0x80);
  const isMost = highRest.every((byte) => byte === 0xbf);
  const [from, to] = [isLeast ? first : first + 1, isMost ? last : last - 1];
  return [
    ...(isLeast ? [] : after(first, byteSequences(lowRest, most))),
    ...(from <= to ? [[[from, to], ...lowRest.map((): CharRange => [0x80, 0xbf])] as CharRange[]] : []),
    ...(isMost ? [] : after(last, byteSequences(least, highRest))),
  ];
}

/** One byte. XGrammar takes a class of one code alone for that character, which beyond ASCII is two bytes. */
function byteClass(ranges: readonly CharRange[]): string {
  const parts = ranges.map(([from, to]) => {
    if (from === to) return from < 0x80 ? escape(from) : escape(from).repeat(2);
    return `${escape(from)}-${escape(to)}`;
  });
  return `[${parts.join('')}]`;
}

function utf8Of(code: number): readonly number[] {
  return [...new TextEncoder().encode(String.fromCodePoint(code))];
}

/** One of these; there is at least one. */
export function choice(alternatives: readonly string[]): string {
  const [only, ...others] = [...new Set(alternatives)];
  return others.length === 0 ? (only ?? '""') : `(${[only, ...others].join(' | ')})`;
}

export function sequence(...parts: readonly string[]): string {
  const given = parts.filter((part) => part !== '""' && part !== '');
  return given.length === 0 ? '""' : given.join(' ');
}

/** `max` null: any number. */
export function repeated(part: string, min: number, max: number | null): string {
  if (max === 0) return '""';
  if (min === 1 && max === 1) return part;
  if (min === 0 && max === 1) return `(${part})?`;
  if (max === null && min < 2) return `(${part})${min === 0 ? '*' : '+'}`;
  return `(${part}){${min},${max ?? ''}}`;
}

export function optional(part: string): string {
  return repeated(part, 0, 1);
}

/** What of the ranges lies outside of others. */
export function without(ranges: readonly CharRange[], excluded: readonly CharRange[]): CharRange[] {
  return excluded.reduce<CharRange[]>(
    (left, [from, to]) =>
      left.flatMap(([first, last]) => {
        const parts: CharRange[] = [
          [first, Math.min(last, from - 1)],
          [Math.max(first, to + 1), last],
        ];
        return parts.filter(([a, b]) => a <= b);
      }),
    [...ranges],
  );
}

function isPlain(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return code >= 0x20 && code < 0x7f;
}

function escape(code: number): string {
  if (code < 0x100) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
