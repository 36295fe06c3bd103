import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TokenSampler } from '../../src/compute/numerics/token-sampler.js';

/* What transformers' own processors leave of a row of logits (test/fixtures/sampling.json, which says how it was made). */

interface Fixture {
  readonly history: number[];
  readonly logits: Record<string, number[]>;
  readonly cases: readonly {
    readonly logits: string;
    readonly setting: Partial<Record<'temperature' | 'top_k' | 'top_p' | 'min_p' | 'repetition_penalty', number>>;
    readonly probabilities: number[];
  }[];
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/sampling.json', import.meta.url), 'utf8')) as Fixture;

/** transformers works in float32: scores of up to 20 carry an error of 1e-6, and so do the probabilities made of them. */
const TOLERANCE = 2e-6;

describe('probabilities against transformers', () => {
  it.each(fixture.cases.map((one) => [one.logits, JSON.stringify(one.setting), one] as const))(
    '%s %s',
    (_, __, one) => {
      const logits = Float32Array.from(fixture.logits[one.logits]!);
      const { temperature = 1, top_k = 0, top_p = 1, min_p = 0, repetition_penalty = 1 } = one.setting;
      const params = { temperature, topK: top_k, topP: top_p, minP: min_p, repetitionPenalty: repetition_penalty };
      const text = { seen: [...new Set(fixture.history)], counts: new Map<number, number>() };
      const actual = new TokenSampler(logits.length).probabilities(logits, params, text);
      expect([...actual].map((value) => value > 0)).toEqual(one.probabilities.map((value) => value > 0));
      one.probabilities.forEach((expected, token) => {
        expect(Math.abs(actual[token]! - expected), `token ${token}`).toBeLessThan(TOLERANCE);
      });
    },
  );
});
