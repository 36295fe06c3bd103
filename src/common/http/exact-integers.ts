import type { Request } from 'express';

const texts = new WeakMap<object, string>();
/** Of 16 digits and more: what a float64 may not hold exactly. A quoted name inside a string has a backslash before it. */
const LONG_SEQ_ID = /"seq_id"\s*:\s*(\d{16,19})(?!\d)/;
const SAMPLE = /\/asample(\?|$)/;

/**
 * Keeps the digits of a sampling request's `seq_id` while its JSON is read: a copied client of the Tinker SDK numbers its
 * requests from a random multiple of 10^9 below 2^63 on, and JSON.parse would give neighbours the same number.
 */
export function keepExactSeqId(request: object, _response: unknown, body: Buffer): void {
  if (!SAMPLE.test((request as Request).url)) return;
  const digits = LONG_SEQ_ID.exec(body.toString('latin1'))?.[1];
  if (digits !== undefined) texts.set(request, digits);
}

/** The digits of `seqId` as they were sent. */
export function exactSeqId(request: object, seqId: number): string {
  const digits = texts.get(request);
  return digits !== undefined && Number(digits) === seqId ? digits : String(seqId);
}
