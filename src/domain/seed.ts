import { createHash } from 'node:crypto';

/** Any integer: a number where it holds it exactly, else decimal digits, without leading zeros. */
export type Seed = number | string;

export const MAX_SEED_DIGITS = 1000;
/** Seeds that the service makes: as many as are easy to type again. */
export const MADE_SEEDS = 2 ** 31;
const DIGITS = new RegExp(`^-?\\d{1,${MAX_SEED_DIGITS}}$`);

export function isSeed(value: unknown): value is Seed {
  return typeof value === 'number' ? Number.isInteger(value) : typeof value === 'string' && DIGITS.test(value);
}

/** The one way to write an integer as a seed: equal integers are equal seeds. */
export function toSeed(value: Seed): Seed {
  const exact = BigInt(value);
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : String(exact);
}

/** A seed that follows from a name, so that a repeat of the request is the same request. */
export function seedOfName(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32LE() % MADE_SEEDS;
}
