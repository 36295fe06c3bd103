import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { offsetsOf, type RaggedTensor } from '../../domain/ragged-tensor.js';
import { LossRegistry } from '../loss-registry.js';
import { checkGradient } from '../gradient-check.js';
import { type LossDefinition } from '../../domain/loss-definition.js';
import { WrittenLoss } from './written-loss.js';

const FOLDER = 'examples/losses';
const read = (name: string) => JSON.parse(readFileSync(`${FOLDER}/${name}.json`, 'utf8')) as LossDefinition;
const defaults = (loss: WrittenLoss) => Object.fromEntries(loss.metadata.config.map((key) => [key.name, key.default]));

const LENGTHS = [5, 1, 7, 4];
const offsets = offsetsOf(LENGTHS);
const tensor = (value: (i: number) => number): RaggedTensor<Float32Array> => ({
  data: Float32Array.from({ length: offsets.at(-1)! }, (_, i) => value(i)),
  offsets,
  trailingShape: [],
});
const wave = (i: number, phase: number) => Math.sin(1.7 * i + phase);
const LOGPROBS = tensor((i) => -1.5 + wave(i, 0));
const INPUTS = {
  target_tokens: { data: new Int32Array(offsets.at(-1)!).fill(1), offsets, trailingShape: [] },
  logprobs: tensor((i) => -1.5 + wave(i, 0) + 0.5 * wave(i, 1)),
  advantages: tensor((i) => (i % 5 === 0 ? 0 : wave(i, 2))),
};
const WEIGHTS = tensor((i) => (i % 4 === 1 ? 0 : 0.5 + wave(i, 3)));

describe('the built-in losses, written as formulas', () => {
  const names = ['cross_entropy', 'importance_sampling', 'ppo', 'cispo', 'dro'] as const;
  const registry = new LossRegistry();

  it.each(names.flatMap((name) => [[name, 'with'] as const, [name, 'without'] as const]))(
    '%s %s weights: same loss, gradient and metrics',
    (name, weighted) => {
      const inputs = weighted === 'with' ? { ...INPUTS, weights: WEIGHTS } : INPUTS;
      const written = new WrittenLoss(read(name));
      const own = written.compute(LOGPROBS, inputs, defaults(written));
      const builtIn = registry.get(name).compute(LOGPROBS, inputs, registry.resolveConfig(registry.get(name)));
      // Both are float64 and differ in the order of their sums only.
      expect(own.loss).toBeCloseTo(builtIn.loss, 9);
      builtIn.dLogprobs.forEach((value, i) => expect(own.dLogprobs[i]).toBeCloseTo(value, 9));
      expect(Object.keys(own.metrics).sort()).toEqual(Object.keys(builtIn.metrics).sort());
      for (const [key, value] of Object.entries(builtIn.metrics)) expect(own.metrics[key]).toBeCloseTo(value, 9);
      expect([...written.activePositions(inputs)]).toEqual([...registry.get(name).activePositions(inputs)]);
    },
  );

  it('do not see positions that do not count, whatever stands there', () => {
    const written = new WrittenLoss(read('ppo'));
    const logprobs = tensor((i) => (WEIGHTS.data[i] === 0 ? Number.NaN : LOGPROBS.data[i]!));
    const inputs = { ...INPUTS, weights: WEIGHTS };
    expect(written.compute(logprobs, inputs, defaults(written))).toEqual(
      written.compute(LOGPROBS, inputs, defaults(written)),
    );
  });
});

describe('the worked losses', () => {
  it.each(readdirSync(FOLDER).map((file) => file.replace('.json', '')))('%s has the gradient of its value', (name) => {
    const loss = new WrittenLoss(read(name));
    expect(checkGradient(loss, defaults(loss))).toEqual({ checked: 4, batches: 4, mismatch: null });
  });
});

describe('a written loss', () => {
  const loss = (definition: Partial<LossDefinition>) =>
    new WrittenLoss({ name: 'mine', loss: 'sum(target_logprobs)', ...definition });
  const refused = (definition: Partial<LossDefinition>) => {
    try {
      loss(definition);
    } catch (error) {
      return error as Error & { details: Record<string, unknown> };
    }
    throw new Error('it was accepted');
  };

  it.each([
    ['-sum(target_logprobs', 20, /found the end of the formula, expected/],
    ['sum(target_logprobs) ^ 2', 21, /found '\^', expected/],
    ['sum(target_logprobs).constructor', 20, /found '\.'/],
    ['sum(target_logprobs) + foo(1)', 23, /the function 'foo' does not exist/],
    ['sum(target_logprobs, 2)', 0, /'sum' takes 1 argument, but got 2/],
    ['target_logprobs', 0, /it has one value per token, but must be a single number/],
    ['sum(sum(target_logprobs))', 4, /already one number for the whole batch/],
    ['sum(where(target_logprobs, 1, 2))', 10, /this is a number, but 'where' requires a condition here/],
    ['sum(target_logprobs + (advantages > 0))', 23, /this is a condition, but '\+' requires a number/],
    ['group_sum(target_logprobs, pair)', 10, /groups consist of datums, but this has one value per token/],
    ['sum(target_logprob)', 0, /it does not depend on target_logprobs/],
    ['sum(__proto__ * target_logprobs)', 4, /'__proto__' is not a valid name for an input/],
    ['sum(exp * target_logprobs)', 4, /'exp' is a function/],
    ['sum(valueOf * target_logprobs)', 4, /'valueOf' is not a valid name for an input/],
    ['sum(1e999 * target_logprobs)', 4, /too large for float64/],
    [`sum(${'('.repeat(60)}target_logprobs${')'.repeat(60)})`, 43, /nested more than 40 levels deep/],
    [`sum(${'-'.repeat(100)}target_logprobs)`, 44, /nested more than 40 levels deep/],
    [`sum(target_logprobs)${'+1'.repeat(500)}`, 616, /more than 600 names, numbers and operators/],
    [`sum(target_logprobs)${' '.repeat(5000)}`, 4096, /5020 characters/],
  ])('refuses %j and points at the character', (source, position, message) => {
    const error = refused({ loss: source });
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code: 'invalid_expression', details: { field: 'loss', position } });
  });

  it('shows the position', () => {
    expect(refused({ loss: 'sum(target_logprobs) + bar(1)' }).message).toBe(
      "loss, character 24: the function 'bar' does not exist.\n  sum(target_logprobs) + bar(1)\n                         ^^^^^^",
    );
  });

  it('lists the names that it took for inputs where log-probs are not among them: one may be misspelt', () => {
    const { details } = refused({ loss: '-sum(weigths * target_logprob)' });
    expect(details.remedy).toMatch(/These names are inputs of the request: weigths, target_logprob\.$/);
  });

  it('refuses names that are taken, cannot be names, or come too late', () => {
    expect(refused({ let: { exp: '1' } }).message).toMatch(/the name 'exp' is already in use/);
    expect(refused({ let: JSON.parse('{"__proto__": "1"}') as Record<string, string> }).message).toMatch(
      /is not a valid name/,
    );
    expect(refused({ let: { a: 'b', b: '1' } }).message).toMatch(/'b' is defined below/);
    expect(refused({ let: { constructor: '1' } }).message).toMatch(/is not a valid name/);
    expect(refused({ let: { a: 'a + 1' } }).message).toMatch(/'a' cannot use itself/);
    const given = 'sum(where(given(a), target_logprobs, 0))';
    expect(refused({ let: { a: '1' }, loss: given }).message).toMatch(/'a' is a value of "let", not an input/);
    expect(refused({ config: { a: 1 }, loss: given }).message).toMatch(/'a' is a config key, not an input/);
    expect(refused({ config: { a: 1 }, inputs: { a: {} } }).message).toMatch(/'a' is a config key, not an input/);
    expect(refused({ let: { a: '1' }, inputs: { a: {} } }).message).toMatch(/'a' is a value of "let", not an input/);
    expect(refused({ config: { a: { default: 2, max: 1 } } }).message).toMatch(/2 is not between min and max/);
    expect(refused({ inputs: { nothing: {} } }).message).toMatch(/No formula uses input 'nothing'/);
    expect(refused({ mask: 'target_logprobs > 1' }).message).toMatch(/must be known before/);
  });

  it('looks through a mask once, however often its values are used', () => {
    const doubled = Array.from({ length: 60 }, (_, i) => [`v${i + 1}`, `v${i} + v${i}`]);
    const let_ = { v0: 'weights', ...(Object.fromEntries(doubled) as Record<string, string>) };
    const inputs = { ...INPUTS, weights: WEIGHTS };
    expect([...loss({ let: let_, mask: 'v60 != 0' }).activePositions(inputs)]).toEqual(
      Array.from(WEIGHTS.data, (weight) => Number(weight !== 0)),
    );
  });

  it('keeps Python precedence', () => {
    const value = (source: string) =>
      loss({ loss: `sum(0 * target_logprobs) + ${source}` }).compute(LOGPROBS, INPUTS, {}).loss;
    expect(value('-2 ** 2')).toBe(-4);
    expect(value('2 ** 3 ** 2')).toBe(512);
    expect(value('7 - 4 - 2 * 3 / 2')).toBe(0);
    expect(value('2 ** -1')).toBe(0.5);
    expect(value('where(not 1 > 2 and 2 >= 2 or 1 == 2, 1, 0)')).toBe(1);
    expect(value('1.5e1 + .5 + 1.')).toBe(16.5);
  });

  it('says in which formula the first NaN or infinity came up', () => {
    const dividing = loss({ let: { share: 'target_logprobs / (advantages - advantages)' }, loss: 'sum(share)' });
    expect(() => dividing.compute(LOGPROBS, INPUTS, {})).toThrow(
      /Loss 'mine' is -Infinity\. The first non-finite value is 'target_logprobs \/ \(advantages - advantages\)' in let\.share/,
    );
    const slope = loss({ loss: 'sum(sqrt(target_logprobs - target_logprobs))' });
    expect(() => slope.compute(LOGPROBS, INPUTS, {})).toThrow(/its gradient is not/);
  });

  it('refuses a batch with half a pair where it is written so, as docs/custom-losses.md advises', () => {
    const guarded = loss({
      let: { whole_pairs: 'where(group_min(chosen, pair) != group_max(chosen, pair), 1, 0 / 0)' },
      loss: 'sum(target_logprobs) + 0 * sum(whole_pairs)',
      inputs: { chosen: { per: 'datum' }, pair: { per: 'datum' } },
    });
    const one = offsetsOf(LENGTHS.map(() => 1));
    const perDatum = (...values: number[]) => ({ data: Float32Array.from(values), offsets: one, trailingShape: [] });
    const batch = (...pair: number[]) => ({ ...INPUTS, chosen: perDatum(1, 0, 1, 0), pair: perDatum(...pair) });
    expect(checkGradient(guarded, {})).toMatchObject({ checked: 4, mismatch: null });
    expect(guarded.compute(LOGPROBS, batch(0, 0, 1, 1), {}).dLogprobs.every((slope) => slope === 1)).toBe(true);
    expect(() => guarded.compute(LOGPROBS, batch(0, 0, 1, 2), {})).toThrow(/'0 \/ 0' in let\.whole_pairs/);
  });

  it('leaves the mean of nothing out of the metrics', () => {
    const empty = loss({ mask: 'advantages > 100', metrics: { average: 'mean(advantages)', tokens: 'token_count' } });
    expect(empty.compute(LOGPROBS, INPUTS, {})).toMatchObject({ loss: 0, metrics: { tokens: 0 } });
  });
});
