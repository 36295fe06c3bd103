import type { Request } from 'express';
import { toSeed } from '../../../domain/seed.js';
import { invalid } from '../../json/json-fields.js';

/*
 * JSON.parse keeps 53 bits of an integer. Two fields hold more, and it matters: `seq_id`, because a copied client of the
 * Tinker SDK numbers its requests from a random multiple of 10^9 below 2^63 on, and `seed`, because a client that adds
 * a small number to a 64-bit hash wants as many different streams.
 */

const seqIds = new WeakMap<object, string>();
const seeds = new WeakMap<object, readonly string[]>();

/** Of 16 digits and more: what a float64 may not hold exactly. A quoted name inside a string has a backslash before it. */
const SEQ_ID_NAME = '"seq_id"';
const LONG_SEQ_ID = /^\s*:\s*(\d{16,19})(?!\d)/;
const SAMPLE = /\/asample(\?|$)/;

const SEED_NAME = '"seed"';
const LONG_SEED = /^\s*:\s*(-?\d{16,1000})\s*[,}]/;
/** After the name: white space, and the digits. */
const VALUE_BYTES = 1100;
/** More of them than any request has; strings may hold them too. */
const MAX_NAMES = 100;
const SEEDED = /\/(asample|generate|create_model|adapters)\/?(\?|$)/;
/** Where requests have seeds. */
const SEED_PARENTS = ['sampling_params', 'lora_config'] as const;

/** To be called with a body's bytes before they are parsed. */
export function keepExactIntegers(request: Request, body: Buffer): void {
  const { url } = request;
  if (SAMPLE.test(url)) {
    const [digits] = longIntegers(body, SEQ_ID_NAME, LONG_SEQ_ID);
    if (digits !== undefined) seqIds.set(request, digits);
  }
  if (SEEDED.test(url)) {
    const found = longIntegers(body, SEED_NAME, LONG_SEED);
    if (found.length > 0) seeds.set(request, found);
  }
}

/** The digits of `seqId` as they were sent. */
export function exactSeqId(request: object, seqId: number): string {
  const digits = seqIds.get(request);
  return digits !== undefined && Number(digits) === seqId ? digits : String(seqId);
}

/** Puts seeds that have lost digits back into the parsed body, as strings. To be called right after parsing. */
export function restoreExactSeeds(request: Request): void {
  const digits = seeds.get(request);
  const body: unknown = request.body;
  if (digits === undefined || !isRecord(body)) return;
  seeds.delete(request);
  restore(body, 'seed', digits);
  for (const parent of SEED_PARENTS) {
    const value = body[parent];
    if (isRecord(value)) restore(value, `${parent}.seed`, digits);
  }
}

function restore(object: Record<string, unknown>, field: string, digits: readonly string[]): void {
  const { seed } = object;
  if (typeof seed !== 'number' || Number.isSafeInteger(seed)) return;
  const [exact, ...others] = new Set(digits.filter((text) => Number(text) === seed).map(toSeed));
  if (others.length > 0) {
    throw invalid(field, 'occurs twice in the body, with different digits.', 'Send it as a string of digits.');
  }
  if (exact !== undefined) object['seed'] = exact;
}

/** The digits that follow a name, wherever it stands. */
function longIntegers(body: Buffer, name: string, pattern: RegExp): string[] {
  const found: string[] = [];
  let at = body.indexOf(name);
  for (let i = 0; at >= 0 && i < MAX_NAMES; i++) {
    const end = at + name.length;
    const digits = pattern.exec(body.toString('latin1', end, end + VALUE_BYTES))?.[1];
    if (digits !== undefined) found.push(digits);
    at = body.indexOf(name, end);
  }
  return found;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
