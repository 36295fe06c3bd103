import { charClass, choice, literal, optional, repeated, sequence } from '../ebnf.js';

/** Digits that float64 tells apart. */
const DIGITS = 15;
const DECIMALS = 6;
/** Largest magnitude where no bound says otherwise. */
const MAX_INTEGER = 10n ** BigInt(DIGITS) - 1n;
const MAX_NUMBER = 10 ** (DIGITS - DECIMALS) - 1;

/** A bound of a number; `open`: the bound itself is outside. */
export interface Bound {
  readonly value: number;
  readonly open: boolean;
}

/** Integers between two, both included; null when there is none. */
export function integersBetween(low: bigint | null, high: bigint | null): string | null {
  const from = max(low ?? -MAX_INTEGER, -MAX_INTEGER);
  const to = min(high ?? MAX_INTEGER, MAX_INTEGER);
  if (from > to) return null;
  const parts: string[] = [];
  if (from < 0n) parts.push(`"-" ${naturals(max(1n, -to), -from)}`);
  if (to >= 0n) parts.push(naturals(max(0n, from), to));
  return choice(parts);
}

/**
 * Decimal numbers between two bounds, without an exponent; null when there is none.
 * @throws RangeError for bounds of more digits than float64 tells apart
 */
export function numbersBetween(low: Bound | null, high: Bound | null): string | null {
  const from = low ?? { value: Math.min(-MAX_NUMBER, (high?.value ?? 0) - 1), open: false };
  const to = high ?? { value: Math.max(MAX_NUMBER, (low?.value ?? 0) + 1), open: false };
  const parts: (string | null)[] = [];
  if (from.value < 0) {
    const nearest = to.value < 0 ? { ...to, value: -to.value } : { value: 0, open: true };
    const negative = magnitudes(nearest, { ...from, value: -from.value });
    parts.push(negative && `"-" ${negative}`);
  }
  if (to.value >= 0) parts.push(magnitudes(from.value >= 0 ? from : { value: 0, open: false }, to));
  const given = parts.filter((part) => part !== null);
  return given.length === 0 ? null : choice(given);
}

function magnitudes(from: Bound, to: Bound): string | null {
  const [low, high] = [decimalOf(from.value), decimalOf(to.value)];
  const length = Math.max(low.fraction.length, high.fraction.length, DECIMALS);
  if (Math.max(low.whole, high.whole).toString().length + length > DIGITS) throw new RangeError('too many digits');
  const least: Digits = { digits: low.fraction.padEnd(length, '0'), open: from.open };
  const most: Digits = { digits: high.fraction.padEnd(length, '0'), open: to.open };
  const of = (whole: number, a: Digits | null, b: Digits | null) => withFraction(literal(String(whole)), a, b, length);
  if (low.whole === high.whole) return of(low.whole, least, most);
  const between = [BigInt(low.whole) + 1n, BigInt(high.whole) - 1n] as const;
  const parts = [
    of(low.whole, least, null),
    between[0] <= between[1] ? withFraction(naturals(...between), null, null, length) : null,
    of(high.whole, null, most),
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : choice(parts);
}

interface Digits {
  readonly digits: string;
  readonly open: boolean;
}

function withFraction(whole: string, least: Digits | null, most: Digits | null, length: number): string | null {
  const rest = fraction(least, most, length);
  if (rest === null) return null;
  const digits = rest.text === null ? null : `"." ${rest.text}`;
  if (digits === null) return rest.empty ? whole : null;
  return sequence(whole, rest.empty ? optional(digits) : digits);
}

/** The digits that may follow, at least one, and whether there may be none; null when nothing fits. */
interface Rest {
  readonly text: string | null;
  readonly empty: boolean;
}

/** `least` and `most`: what the digits that are left are compared with, null once they are decided. */
function fraction(least: Digits | null, most: Digits | null, left: number): Rest | null {
  if (least === null && most === null) {
    return { text: left > 0 ? repeated(charClass([[0x30, 0x39]]), 1, left) : null, empty: true };
  }
  const isZero = ({ digits }: Digits) => /^0*$/.test(digits);
  const empty = (least === null || (isZero(least) && !least.open)) && !(most !== null && isZero(most) && most.open);
  const [first, last] = [Number(least?.digits[0] ?? 0), Number(most?.digits[0] ?? 9)];
  const parts: string[] = [];
  for (let digit = first; left > 0 && digit <= last; digit++) {
    const rest = fraction(
      least && digit === first ? { ...least, digits: least.digits.slice(1) } : null,
      most && digit === last ? { ...most, digits: most.digits.slice(1) } : null,
      left - 1,
    );
    if (rest === null) continue;
    const own = literal(String(digit));
    if (rest.text !== null) parts.push(sequence(own, rest.empty ? optional(rest.text) : rest.text));
    else if (rest.empty) parts.push(own);
  }
  if (parts.length === 0 && !empty) return null;
  return { text: parts.length > 0 ? choice(parts) : null, empty };
}

/** Whole numbers from 0 between two. */
function naturals(from: bigint, to: bigint): string {
  const parts: string[] = [];
  for (let length = String(from).length; length <= String(to).length; length++) {
    const least = length === 1 ? 0n : 10n ** BigInt(length - 1);
    const [low, high] = [max(from, least), min(to, 10n ** BigInt(length) - 1n)];
    if (low <= high) parts.push(digitsBetween(String(low), String(high)));
  }
  return choice(parts);
}

/** Numbers of the same length. */
function digitsBetween(low: string, high: string): string {
  if (low === high) return literal(low);
  if (/^0*$/.test(low) && /^9*$/.test(high)) return repeated(charClass([[0x30, 0x39]]), low.length, low.length);
  const [first, last] = [Number(low[0]), Number(high[0])];
  const [lowRest, highRest] = [low.slice(1), high.slice(1)];
  if (low.length === 1) return charClass([[0x30 + first, 0x30 + last]]);
  if (first === last) return sequence(literal(String(first)), digitsBetween(lowRest, highRest));
  const [zeros, nines] = ['0'.repeat(lowRest.length), '9'.repeat(lowRest.length)];
  const parts = [sequence(literal(String(first)), digitsBetween(lowRest, nines))];
  if (first + 1 < last) {
    parts.push(sequence(charClass([[0x31 + first, 0x2f + last]]), digitsBetween(zeros, nines)));
  }
  parts.push(sequence(literal(String(last)), digitsBetween(zeros, highRest)));
  return choice(parts);
}

function decimalOf(value: number): { readonly whole: number; readonly fraction: string } {
  const text = String(value);
  if (text.includes('e')) throw new RangeError('too many digits');
  const [whole = '0', fraction = ''] = text.split('.');
  return { whole: Number(whole), fraction };
}

const max = (a: bigint, b: bigint) => (a > b ? a : b);
const min = (a: bigint, b: bigint) => (a < b ? a : b);
