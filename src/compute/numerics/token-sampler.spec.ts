import { describe, expect, it } from 'vitest';
import { NonFiniteLogitsError } from '../numeric.errors.js';
import { RandomStream } from './random.js';
import { drawPlain, isPlain, NO_TEXT, type TextSoFar, type TokenParams, TokenSampler } from './token-sampler.js';

const PLAIN: TokenParams = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
const GREEDY: TokenParams = { ...PLAIN, temperature: 0 };

/** Logits with these probabilities at temperature 1. */
const logitsOf = (...probabilities: number[]) => Float32Array.from(probabilities, (p) => Math.log(p));

/** A prompt of these tokens. */
const seen = (...tokens: number[]): TextSoFar => ({ seen: tokens, counts: new Map() });
/** These tokens have been sampled, in this order. */
function sampled(...tokens: number[]): TextSoFar {
  const counts = new Map<number, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return { seen: [...counts.keys()], counts };
}

function probabilities(logits: Float32Array, params: Partial<TokenParams>, text = NO_TEXT): number[] {
  return [...new TokenSampler(logits.length).probabilities(logits, { ...PLAIN, ...params }, text)];
}

/** Different from 0 exactly where expected is, and equal to 6 digits: inputs are float32. */
function expectClose(actual: number[], expected: number[]): void {
  expect(actual.map((value) => value > 0)).toEqual(expected.map((value) => value > 0));
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
}

describe('greedy', () => {
  const sampler = new TokenSampler(4);

  it('takes the most likely token, of equal ones the lowest id', () => {
    expect(sampler.sample(logitsOf(0.1, 0.2, 0.4, 0.3), GREEDY, NO_TEXT, 0.99)).toBe(2);
    expect(sampler.sample(Float32Array.of(-5, 3, 3, 1), GREEDY, NO_TEXT, 0.99)).toBe(1);
    expect([...sampler.probabilities(Float32Array.of(-5, 3, 3, 1), GREEDY, NO_TEXT)]).toEqual([0, 1, 0, 0]);
  });

  it('looks at the repetition penalty', () => {
    const token = sampler.sample(logitsOf(0.1, 0.2, 0.3, 0.4), { ...GREEDY, repetitionPenalty: 2 }, seen(3), 0);
    expect(token).toBe(2);
  });
});

describe('what is kept', () => {
  const logits = logitsOf(0.1, 0.4, 0.2, 0.3);

  it('temperature sharpens or flattens', () => {
    const sharp = [0.01, 0.16, 0.04, 0.09].map((p) => p / 0.3);
    expectClose(probabilities(logits, { temperature: 0.5 }), sharp);
  });

  it('top-k keeps the k most likely and all that equal the k-th', () => {
    expectClose(probabilities(logits, { topK: 2 }), [0, 4 / 7, 0, 3 / 7]);
    expectClose(probabilities(logitsOf(0.2, 0.4, 0.2, 0.2), { topK: 2 }), [0.2, 0.4, 0.2, 0.2]);
    expectClose(probabilities(logits, { topK: 9 }), [0.1, 0.4, 0.2, 0.3]);
  });

  it('top-p keeps the most likely until they reach p, at least one', () => {
    expectClose(probabilities(logits, { topP: 0.65 }), [0, 4 / 7, 0, 3 / 7]);
    expectClose(probabilities(logits, { topP: 0.75 }), [0, 4 / 9, 2 / 9, 3 / 9]);
    expectClose(probabilities(logits, { topP: 0.1 }), [0, 1, 0, 0]);
    expectClose(probabilities(logits, { topP: 0 }), [0, 1, 0, 0]);
  });

  it('top-p takes equal tokens at the edge by lowest id', () => {
    expectClose(probabilities(Float32Array.of(2, 2, 2, 2), { topP: 0.6 }), [1 / 3, 1 / 3, 1 / 3, 0]);
    expectClose(probabilities(Float32Array.of(2, 2, 2, 2), { topP: 0.5 }), [1 / 2, 1 / 2, 0, 0]);
  });

  it('top-p keeps tokens of any smallness that belong to the nucleus', () => {
    const far = Float32Array.of(0, -200, -300);
    expect(probabilities(far, { topP: 1 - 1e-16 })[0]).toBe(1);
    // Temperature 100 brings them near: 1, e^-2, e^-3 of a sum of 1.185.
    expectClose(probabilities(far, { temperature: 100, topP: 0.9 }), [0.880797, 0.119203, 0]);
  });

  it('min-p keeps what has at least that share of the most likely', () => {
    expectClose(probabilities(logits, { minP: 0.6 }), [0, 4 / 7, 0, 3 / 7]);
  });

  it('the order is penalty, temperature, top-k, top-p, min-p', () => {
    // Penalty 2 on token 1: log 0.4 doubles, so 0.4 becomes 0.16, third of four. Temperature 0.5 squares: 0.01, 0.0256,
    // 0.04, 0.09. Top-k 3 leaves 0.1556, of which top-p 0.8 needs 0.09 and 0.04.
    const params = { repetitionPenalty: 2, temperature: 0.5, topK: 3, topP: 0.8 };
    expectClose(probabilities(logits, params, seen(1)), [0, 0, 4 / 13, 9 / 13]);
  });

  it('the repetition penalty works on both signs', () => {
    const penalized = probabilities(Float32Array.of(2, -2, 0), { repetitionPenalty: 2 }, seen(0, 1));
    const sum = Math.exp(1) + Math.exp(-4) + 1;
    expectClose(penalized, [Math.exp(1) / sum, Math.exp(-4) / sum, 1 / sum]);
  });

  it('the frequency penalty counts how often a token was sampled, the presence penalty whether it was', () => {
    const zeros = Float32Array.of(0, 0, 0);
    const params = { frequencyPenalty: 0.5, presencePenalty: 0.25 };
    // "mu[j] -> mu[j] - c[j] * alpha_frequency - float(c[j] > 0) * alpha_presence" (OpenAI's API reference)
    const penalized = probabilities(zeros, params, sampled(0, 2, 2));
    const weights = [-0.75, 0, -1.25].map(Math.exp);
    const sum = weights.reduce((all, weight) => all + weight);
    expectClose(
      penalized,
      weights.map((weight) => weight / sum),
    );
    expectClose(probabilities(zeros, params, seen(0, 1)), [1 / 3, 1 / 3, 1 / 3]);
  });

  it('a bias is added before everything else', () => {
    const biased = probabilities(
      Float32Array.of(1, 0, 5),
      {
        logitBias: [
          [0, 3],
          [2, -100],
        ],
        repetitionPenalty: 2,
      },
      seen(0),
    );
    const sum = Math.exp(2) + 1;
    expect(biased[2]).toBeLessThan(1e-40);
    expect(biased[0]).toBeCloseTo(Math.exp(2) / sum, 6);
  });

  it('draws with a bias or penalty are not plain', () => {
    expect(isPlain({ ...PLAIN, logitBias: [[0, 1]] })).toBe(false);
    expect(isPlain({ ...PLAIN, presencePenalty: -1 })).toBe(false);
    expect(isPlain({ ...PLAIN, frequencyPenalty: 0, presencePenalty: 0, logitBias: [] })).toBe(true);
  });
});

describe('agreement with a plain implementation on a large vocabulary', () => {
  const size = 20_000;
  const logits = new Float32Array(size);
  new RandomStream(1, 'logits').fillUniform(logits);
  for (let i = 0; i < size; i++) logits[i] = Math.log(logits[i]! + 1e-9) * -2;

  it.each<Partial<TokenParams>>([
    { topP: 0.5 },
    { topP: 0.999 },
    { topK: 300 },
    { topK: 50, topP: 0.9, temperature: 0.7 },
    { temperature: 50, topP: 0.3 },
    { temperature: 0.01, topP: 0.95 },
    { topP: 0.9, minP: 0.01 },
  ])('%j', (changed) => {
    const params = { ...PLAIN, ...changed };
    const expected = plainProbabilities(logits, params);
    const actual = new TokenSampler(size).probabilities(logits, params, NO_TEXT);
    let worst = 0;
    for (let i = 0; i < size; i++) worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
    expect(worst).toBeLessThan(1e-12);
  });

  /** The same by sorting everything. */
  function plainProbabilities(row: Float32Array, { temperature, topK, topP, minP }: TokenParams): Float64Array {
    const order = [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b);
    const top = row[order[0]!]!;
    const kept = order.filter((token) => topK === 0 || row[token]! >= row[order[topK - 1]!]!);
    const masses = kept.map((token) => Math.exp((row[token]! - top) / temperature));
    const total = masses.reduce((sum, mass) => sum + mass, 0);
    const result = new Float64Array(row.length);
    let before = 0;
    kept.forEach((token, i) => {
      if ((i === 0 || before < topP * total) && masses[i]! >= minP) result[token] = masses[i]!;
      before += masses[i]!;
    });
    const sum = result.reduce((a, b) => a + b, 0);
    return result.map((mass) => mass / sum);
  }
});

describe('drawing', () => {
  it('follows the probabilities', () => {
    const expected = [0.1, 0.4, 0.2, 0.3];
    const sampler = new TokenSampler(4);
    const stream = new RandomStream(17, 'sample/0');
    const counts = [0, 0, 0, 0];
    const draws = 40_000;
    for (let i = 0; i < draws; i++)
      counts[sampler.sample(logitsOf(...expected), PLAIN, NO_TEXT, stream.uniform(i))]! += 1;
    // Five standard deviations of a binomial count, at most sqrt(40000 * 0.25) = 100.
    counts.forEach((count, i) => expect(Math.abs(count - draws * expected[i]!)).toBeLessThan(500));
  });

  it('maps the uniform number onto the kept tokens in the order of their ids', () => {
    const sampler = new TokenSampler(4);
    const draw = (uniform: number) =>
      sampler.sample(logitsOf(0.1, 0.4, 0.2, 0.3), { ...PLAIN, topK: 2 }, NO_TEXT, uniform);
    expect([0, 0.57, 0.572, 1 - 2 ** -53].map(draw)).toEqual([1, 1, 3, 3]);
  });

  it('is not led astray by large logits', () => {
    const [first, second] = new TokenSampler(3).probabilities(Float32Array.of(1e4, 1e4 + 1, -1e4), PLAIN, NO_TEXT);
    expect(first! / second!).toBeCloseTo(Math.exp(-1), 12);
  });

  it('serves rows one after another from the same work space', () => {
    const sampler = new TokenSampler(3);
    sampler.sample(Float32Array.of(9, 1, 1), { ...PLAIN, topP: 0.5, repetitionPenalty: 3 }, seen(0), 0.5);
    expect(sampler.sample(Float32Array.of(-50, 50, -50), PLAIN, NO_TEXT, 0.5)).toBe(1);
  });
});

describe('refusals', () => {
  it.each([NaN, Infinity, -Infinity])('of a logit %d', (bad) => {
    const sampler = new TokenSampler(3);
    for (const params of [PLAIN, GREEDY]) {
      expect(() => sampler.sample(Float32Array.of(1, bad, 2), params, NO_TEXT, 0.5)).toThrow(
        expect.objectContaining({ code: 'non_finite_logits' }) as Error,
      );
    }
  });

  it('of a row of another size', () => {
    expect(() => new TokenSampler(3).sample(Float32Array.of(1, 2), PLAIN, NO_TEXT, 0.5)).toThrow(/2 logits .* 3/);
  });
});

describe('many draws at once', () => {
  const logits = logitsOf(0.1, 0.4, 0.2, 0.3);
  const sampler = new TokenSampler(4);

  it.each([1, 0.5, 3, 0])('are those of single draws, at temperature %d', (temperature) => {
    const random = new RandomStream(3, 'draws');
    const uniforms = [1 - 2 ** -53, 0, ...Array.from({ length: 50 }, (_, i) => random.uniform(i))];
    const single = uniforms.map((uniform) => sampler.sample(logits, { ...PLAIN, temperature }, NO_TEXT, uniform));
    expect([...sampler.drawMany(logits, temperature, uniforms)]).toEqual(single);
    expect(new Set(single).size).toBe(temperature === 0 ? 1 : 4);
  });

  it('refuse logits that are not finite', () => {
    expect(() => sampler.drawMany(Float32Array.of(1, NaN, 0, 0), 1, [0.5])).toThrow(NonFiniteLogitsError);
  });
});

describe('a plain draw', () => {
  const probabilities = Float32Array.of(0.125, 0, 0.5, 0.25, 0.125);
  const logits = probabilities.map((p) => Math.log(Math.max(p, 1e-30)));

  it('gives the token that sample() gives for the same number', () => {
    const sampler = new TokenSampler(logits.length);
    const uniforms = Array.from({ length: 200 }, (_, i) => (i + 0.37) / 200);
    const drawn = uniforms.map((uniform) => drawPlain(probabilities, uniform));
    expect(drawn).toEqual(uniforms.map((uniform) => sampler.sample(logits, PLAIN, NO_TEXT, uniform)));
    expect(new Set(drawn)).toEqual(new Set([0, 2, 3, 4]));
  });

  it('does not need probabilities that sum up to 1', () => {
    expect(
      drawPlain(
        probabilities.map((p) => p * 0.999),
        0.9999,
      ),
    ).toBe(4);
    expect(drawPlain(Float32Array.of(0.5, 0.5, 0), 1 - 2 ** -53)).toBe(1);
  });

  it('refuses numbers that are not finite', () => {
    expect(() => drawPlain(Float32Array.of(0.5, NaN, 0.5), 0.1)).toThrow(NonFiniteLogitsError);
  });

  it('is for the distribution of the model alone', () => {
    expect(isPlain(PLAIN)).toBe(true);
    for (const other of [{ temperature: 0.9 }, { topK: 5 }, { topP: 0.9 }, { minP: 0.1 }, { repetitionPenalty: 1.1 }]) {
      expect(isPlain({ ...PLAIN, ...other })).toBe(false);
    }
  });
});
