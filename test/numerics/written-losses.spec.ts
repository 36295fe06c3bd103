import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { offsetsOf, type RaggedTensor } from '../../src/domain/ragged-tensor.js';
import { WrittenLoss } from '../../src/losses/expressions/written-loss.js';

/*
 * The losses of examples/losses that are not built in against PyTorch's autograd (test/fixtures/written-losses.json,
 * which says how it was made). The built-in ones are held against the built-in classes, and those against PyTorch.
 */

interface Fixture {
  readonly batches: Record<string, FixtureBatch>;
  readonly cases: readonly {
    readonly loss: string;
    readonly batch: string;
    readonly config: Record<string, number>;
    readonly value: number;
    readonly gradient: number[];
    readonly metrics: Record<string, number>;
  }[];
}

interface FixtureBatch {
  readonly lengths: number[];
  readonly width: number;
  readonly logprobs: number[];
  readonly inputs: Record<string, number[]>;
  readonly inputs_per_datum: Record<string, number[]>;
}

const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/written-losses.json', import.meta.url), 'utf8'),
) as Fixture;

/**
 * Both sides compute in float64 from the same float32 numbers, and PyTorch sums in another order and in pairs: at most
 * 40 terms, each rounded to 1e-16 of sums up to 100 times their result.
 */
const TOLERANCE = 1e-12;

function readLoss(name: string): WrittenLoss {
  const file = new URL(`../../examples/losses/${name}.json`, import.meta.url);
  return new WrittenLoss(JSON.parse(readFileSync(file, 'utf8')) as ConstructorParameters<typeof WrittenLoss>[0]);
}

function readBatch(loss: WrittenLoss, { lengths, width, logprobs, inputs, inputs_per_datum }: FixtureBatch) {
  const offsets = offsetsOf(lengths);
  const trailingShape = width === 1 ? [] : [width];
  const perToken = <T>(data: T) => ({ data, offsets, trailingShape });
  const perDatum = (data: Float32Array) => ({ data, offsets: offsetsOf(lengths.map(() => 1)), trailingShape: [] });
  const read: Record<string, RaggedTensor> = { target_tokens: perToken(new Int32Array(logprobs.length).fill(1)) };
  for (const { name, per } of loss.metadata.inputs.filter(({ name }) => name !== 'target_tokens')) {
    const numbers = Float32Array.from((per === 'datum' ? inputs_per_datum : inputs)[name]!);
    read[name] = per === 'datum' ? perDatum(numbers) : perToken(numbers);
  }
  return { logprobs: perToken(Float32Array.from(logprobs)), inputs: read };
}

function isClose(actual: number, expected: number): boolean {
  return Math.abs(actual - expected) <= TOLERANCE * Math.max(1, Math.abs(expected));
}

describe('written losses against PyTorch', () => {
  it.each(fixture.cases.map((one) => [one.loss, one.batch, JSON.stringify(one.config), one] as const))(
    '%s of %s %s',
    (name, batch, _, { config, value, gradient, metrics }) => {
      const loss = readLoss(name);
      const { logprobs, inputs } = readBatch(loss, fixture.batches[batch]!);
      const active = loss.activePositions(inputs);
      // What does not count was never computed: whatever stands there must not be seen.
      logprobs.data.forEach((_, i) => {
        if (active[Math.floor(i / (logprobs.trailingShape[0] ?? 1))] === 0) logprobs.data[i] = Number.NaN;
      });
      const defaults = Object.fromEntries(loss.metadata.config.map((key) => [key.name, key.default]));
      const result = loss.compute(logprobs, inputs, { ...defaults, ...config });
      expect(isClose(result.loss, value), `loss ${result.loss}, PyTorch ${value}`).toBe(true);
      expect(result.dLogprobs.length).toBe(gradient.length);
      gradient.forEach((expected, i) => {
        const actual = result.dLogprobs[i]!;
        expect(isClose(actual, expected), `gradient ${i}: ${actual}, PyTorch ${expected}`).toBe(true);
      });
      expect(Object.keys(result.metrics).sort()).toEqual(Object.keys(metrics).sort());
      for (const [key, expected] of Object.entries(metrics)) {
        const actual = result.metrics[key]!;
        expect(isClose(actual, expected), `${key}: ${actual}, PyTorch ${expected}`).toBe(true);
      }
    },
  );

  it('has cases in which tokens do not count, and such in which ratios are clipped', () => {
    expect(fixture.cases.some(({ loss, gradient }) => loss === 'dpo' && gradient.includes(0))).toBe(true);
    const clipped = fixture.cases.map(({ metrics }) => metrics.clip_fraction);
    expect(clipped.some((fraction) => fraction !== undefined && fraction > 0 && fraction < 1)).toBe(true);
  });
});
