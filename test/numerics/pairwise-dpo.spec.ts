import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { offsetsOf } from '../../src/domain/ragged-tensor.js';
import { PairwiseDpoLoss } from '../../src/losses/functions/pairwise-dpo.loss.js';

/* The loss of preferences against TRL's arithmetic in PyTorch (test/fixtures/preferences.json says how it was made). */

interface Fixture {
  readonly batch: Readonly<
    Record<'lengths' | 'pair' | 'chosen' | 'logprobs' | 'reference_logprobs' | 'weights', number[]>
  >;
  readonly cases: readonly {
    readonly config: Readonly<Record<'beta' | 'scale', number>>;
    readonly loss: number;
    readonly gradient: number[];
    readonly metrics: Readonly<Record<string, number>>;
  }[];
}

const { batch, cases } = JSON.parse(
  readFileSync(new URL('../fixtures/preferences.json', import.meta.url), 'utf8'),
) as Fixture;

/** Both sides compute in float64 from the same float32 numbers; PyTorch sums the same few terms in another order. */
const TOLERANCE = 1e-12;

const offsets = offsetsOf(batch.lengths);
const perToken = (data: readonly number[]) => ({ data: Float32Array.from(data), offsets, trailingShape: [] });
const perDatum = (data: readonly number[]) => ({ ...perToken(data), offsets: offsetsOf(batch.lengths.map(() => 1)) });
const inputs = {
  target_tokens: { ...perToken([]), data: new Int32Array(batch.logprobs.length) },
  reference_logprobs: perToken(batch.reference_logprobs),
  weights: perToken(batch.weights),
  pair: perDatum(batch.pair),
  chosen: perDatum(batch.chosen),
};

function expectClose(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(TOLERANCE * Math.max(1, Math.abs(expected)));
}

describe.each(cases)('pairwise_dpo with %o', ({ config, ...expected }) => {
  const result = new PairwiseDpoLoss().compute(perToken(batch.logprobs), inputs, config);

  it('has the loss of TRL', () => expectClose(result.loss, expected.loss));

  it('has its gradient', () => {
    expect(result.dLogprobs).toHaveLength(expected.gradient.length);
    result.dLogprobs.forEach((slope, i) => expectClose(slope, expected.gradient[i]!));
  });

  it('has its metrics', () => {
    for (const [name, value] of Object.entries(expected.metrics)) expectClose(result.metrics[name]!, value);
  });
});

it('is not a number for half a pair, or for two of one side', () => {
  const { loss } = new PairwiseDpoLoss().compute(
    perToken(batch.logprobs),
    { ...inputs, pair: perDatum([0, 1, 7, 2, 2, 7]) },
    { beta: 1, scale: 1 },
  );
  const twice = perDatum([1, 1, 0, 0, 1, 1]);
  const other = new PairwiseDpoLoss().compute(
    perToken(batch.logprobs),
    { ...inputs, chosen: twice },
    { beta: 1, scale: 1 },
  );
  expect([loss, other.loss]).toEqual([NaN, NaN]);
});
