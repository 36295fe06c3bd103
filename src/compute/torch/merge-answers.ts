import { isDeepStrictEqual } from 'node:util';

/** What the ranks give does not fit together. */
export class RanksDifferError extends Error {}

/** One value from those of all ranks, in the order of the ranks. @throws RanksDifferError */
export type Merge<Value, Merged = Value> = (values: readonly Value[]) => Merged;

/** What every rank must give alike: digests, norms, refusals. */
export function same<Value>(values: readonly Value[]): Value {
  const [first, ...others] = values;
  const other = others.findIndex((value) => !isDeepStrictEqual(value, first));
  if (other !== -1) {
    const shown = [first, others[other]].map((value) => JSON.stringify(value));
    throw new RanksDifferError(`rank 0 gives ${shown[0]}, and rank ${other + 1} ${shown[1]}`);
  }
  return first as Value;
}

/** What one of the ranks gives, while the others give null; in lists, element by element. */
export function shared<Value>(values: readonly unknown[]): Value {
  const given = values.filter((value) => value !== null);
  const [first] = given;
  if (first === undefined) throw new RanksDifferError('no rank gives what one of them must have');
  if (!Array.isArray(first)) return first as Value;
  const lists = given as (readonly unknown[])[];
  if (lists.some(({ length }) => length !== first.length)) {
    throw new RanksDifferError(`ranks give lists of ${lists.map(({ length }) => length).join(' and ')}`);
  }
  return first.map((_, i) => shared(lists.map((list) => list[i]))) as Value;
}
