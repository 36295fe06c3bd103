import { describe, expect, it } from 'vitest';
import { floats, integers, widened } from '../../test/support/models/ragged-builders.js';
import { type AppError } from '../common/errors/app-error.js';
import { type LossResult } from '../domain/loss.js';
import { type RaggedTensor } from '../domain/ragged-tensor.js';
import { Loss, LossFunction } from './loss-function.js';
import { LossRegistry } from './loss-registry.js';

const registry = new LossRegistry();

/** What a call throws, as the client would see it. */
function refusal(call: () => unknown): Pick<AppError, 'code' | 'status' | 'message' | 'details'> {
  try {
    call();
  } catch (error) {
    return error as AppError;
  }
  throw new Error('Nothing was refused.');
}

describe('names', () => {
  it('lists the six built-ins with their data', () => {
    expect(registry.list().map(({ name }) => name)).toEqual([
      'cross_entropy',
      'importance_sampling',
      'ppo',
      'cispo',
      'dro',
      'pairwise_dpo',
    ]);
    expect(registry.get('ppo').metadata).toMatchObject({
      name: 'ppo',
      inputs: [{ name: 'target_tokens' }, { name: 'logprobs' }, { name: 'advantages' }, { name: 'weights' }],
      config: [
        { name: 'clip_low_threshold', default: 0.8 },
        { name: 'clip_high_threshold', default: 1.2 },
      ],
    });
  });

  it.each(['sft', '__proto__', 'constructor', ''])('refuses %j and lists what there is', (name) => {
    const error = refusal(() => registry.get(name));
    expect(error).toMatchObject({ code: 'unknown_loss', status: 400, details: { field: 'loss_fn' } });
    expect(error.message).toContain('cross_entropy, importance_sampling, ppo, cispo, dro, pairwise_dpo');
  });

  it('shows the beginning of a long name alone', () => {
    expect(refusal(() => registry.get('w'.repeat(1e6))).message.length).toBeLessThan(300);
  });

  it('refuses a doubled name and a class without data', () => {
    @Loss({ name: 'ppo', description: '', inputs: [], config: [] })
    class OtherPpo extends LossFunction {
      override compute(): LossResult {
        return { loss: 0, dLogprobs: new Float64Array(), metrics: {} };
      }
    }
    class Bare extends OtherPpo {}
    expect(() => new LossRegistry([registry.get('ppo'), new OtherPpo()])).toThrow(/'ppo'.*PpoLoss and OtherPpo/);
    expect(() => new LossRegistry([new Bare()])).toThrow(/Bare has no @Loss/);
  });
});

describe('written losses', () => {
  const definition = (factor: number) => ({ name: 'mine', loss: `${factor} * sum(target_logprobs * x)` });

  it('come from their definition, compiled once, whatever is built in', () => {
    const loss = registry.functionOf({ name: 'mine', definition: definition(1) });
    expect(loss.metadata.inputs.map(({ name }) => name)).toEqual(['target_tokens', 'x']);
    expect(registry.functionOf({ name: 'mine', version: 7, definition: definition(1) })).toBe(loss);
    expect(registry.functionOf({ name: 'mine', definition: definition(2) })).not.toBe(loss);
    expect(registry.functionOf({ name: 'ppo' })).toBe(registry.get('ppo'));
    expect(registry.inputNames(loss)).toEqual(expect.arrayContaining(['x', 'advantages']));
    expect(registry.inputNames(registry.get('ppo'))).not.toContain('x');
  });

  it('are forgotten when many others were used since', () => {
    const loss = registry.functionOf({ name: 'mine', definition: definition(0.5) });
    for (let i = 0; i < 63; i++) registry.functionOf({ name: 'mine', definition: definition(1000 + i) });
    expect(registry.functionOf({ name: 'mine', definition: definition(0.5) })).toBe(loss);
    for (let i = 0; i < 64; i++) registry.functionOf({ name: 'mine', definition: definition(2000 + i) });
    expect(registry.functionOf({ name: 'mine', definition: definition(0.5) })).not.toBe(loss);
  });
});

describe('plugins', () => {
  const digests = new Map([['mine', 'sha256:1']]);
  const loss = new (class extends LossFunction {
    override get metadata() {
      return { name: 'mine', description: 'x', inputs: [], config: [] };
    }

    override compute = (): LossResult => ({ loss: 0, dLogprobs: new Float64Array(), metrics: {} });
  })();

  it('stand in the log with what their file holds', () => {
    const own = new LossRegistry([loss], digests);
    expect(own.referenceTo('mine')).toEqual({ name: 'mine', plugin: 'sha256:1' });
    expect(own.functionOf({ name: 'mine', plugin: 'sha256:0' })).toBe(loss);
  });

  it('that are gone are a fault of the server, whose message says which file to put back', () => {
    for (const [reference, words] of [
      [{ name: 'mine', plugin: 'sha256:1' }, /plugin 'mine' \(a file with sha256:1\) is not loaded.* LOSS_PLUGINS/],
      [{ name: 'mine' }, /plugin 'mine' is not loaded, but/],
    ] as const) {
      const error = refusal(() => registry.functionOf(reference));
      expect(error).toMatchObject({ code: 'loss_plugin_missing', category: 'server', status: 503 });
      expect(error.message).toMatch(words);
    }
  });
});

describe('config', () => {
  it('fills in defaults', () => {
    expect(registry.resolveConfig(registry.get('ppo'))).toEqual({ clip_low_threshold: 0.8, clip_high_threshold: 1.2 });
    expect(registry.resolveConfig(registry.get('cispo'))).toEqual({ clip_low_threshold: 0, clip_high_threshold: 4 });
    expect(registry.resolveConfig(registry.get('dro'), { beta: 0.5 })).toEqual({ beta: 0.5 });
    expect(registry.resolveConfig(registry.get('cross_entropy'), {})).toEqual({});
  });

  it.each([
    ['ppo', { epsilon: 0.2 }, 'epsilon', 'clip_low_threshold (default 0.8), clip_high_threshold (default 1.2)'],
    ['cross_entropy', { beta: 1 }, 'beta', 'has no config keys'],
    ['dro', { beta: NaN }, 'beta', 'beta (default 0.05)'],
    ['dro', { beta: '0.1' }, 'beta', 'beta (default 0.05)'],
    ['dro', { beta: null }, 'beta', 'beta (default 0.05)'],
    ['dro', { beta: -1 }, 'beta', 'beta (default 0.05)'],
    ['ppo', { clip_high_threshold: Infinity }, 'clip_high_threshold', 'clip_high_threshold (default 1.2)'],
    ['ppo', { clip_low_threshold: 1.5 }, 'clip_low_threshold', 'clip_high_threshold (default 1.2)'],
    ['ppo', JSON.parse('{"__proto__": 1}') as object, '__proto__', 'clip_low_threshold'],
    ['ppo', { ['x'.repeat(1e6)]: 1 }, `${'x'.repeat(80)}...`, 'clip_low_threshold'],
    [
      'dro',
      JSON.parse(`{"beta": ${'['.repeat(20_000)}${']'.repeat(20_000)}}`) as object,
      'beta',
      'beta (default 0.05)',
    ],
  ])('refuses for %s, case %#', (name, given, key, remedy) => {
    const error = refusal(() => registry.resolveConfig(registry.get(name), given as Record<string, unknown>));
    expect(error).toMatchObject({ code: 'invalid_request', details: { field: `loss_fn_config.${key}` } });
    expect(error.details.remedy).toContain(remedy);
    expect(error.message.length).toBeLessThan(300);
  });
});

describe('inputs', () => {
  const tokens = integers([1, 2, 3], [4, 5]);
  const good: Record<string, RaggedTensor> = {
    target_tokens: integers([2, 3, 4], [5, 6]),
    logprobs: floats([-1, -1, -1], [-1, -1]),
    advantages: floats([0, 1, 1], [1, 1]),
  };
  const check = (name: string, changed: Record<string, RaggedTensor>) =>
    registry.checkInputs(registry.get(name), { tokens, lossInputs: { ...good, ...changed } });

  it('accepts what a loss reads, with inputs of other losses beside it', () => {
    check('ppo', {});
    check('cross_entropy', { weights: floats([1, 1, 1], [0, 0]) });
    check('cross_entropy', { target_tokens: widened(integers([1, 2, 3, 4, 5, 6], [7, 8, 9, 10]), 2) });
  });

  it('refuses a batch on which a written loss would hold too many numbers, and says how to send it', () => {
    const before = (i: number) => (i === 0 ? 'target_logprobs' : `v${i - 1}`);
    const lets: Record<string, string> = {};
    for (let i = 0; i < 60; i++) lets[`v${i}`] = `${before(i)} + 1`;
    const loss = registry.functionOf({ name: 'mine', definition: { name: 'mine', let: lets, loss: 'sum(v59)' } });
    const batchOf = (rows: number) => {
      const tokens = integers(new Array<number>(rows).fill(1));
      const targets = { ...tokens, data: new Int32Array(rows * 1000), trailingShape: [1000] };
      return { tokens, lossInputs: { target_tokens: targets } };
    };
    // 61 steps per target: the log-probs and 60 values.
    registry.checkInputs(loss, batchOf(800));
    const error = refusal(() => registry.checkInputs(loss, batchOf(900)));
    expect(error).toMatchObject({ code: 'loss_batch_too_large', status: 422, details: { field: 'data' } });
    expect(error.message).toMatch(/Loss mine computes 549\d{5} values .* the limit is 50000000.* as several requests/);
    registry.checkInputs(registry.get('cross_entropy'), batchOf(900));
  });

  it('refuses a missing input and lists what the loss needs', () => {
    const error = refusal(() =>
      registry.checkInputs(registry.get('ppo'), { tokens, lossInputs: { target_tokens: tokens } }),
    );
    expect(error).toMatchObject({ code: 'invalid_request', details: { field: 'data[0].loss_fn_inputs.logprobs' } });
    expect(error.message).toContain('ppo requires target_tokens, logprobs, advantages');
  });

  const shortOffsets = { ...floats([0, 0, 0], [0, 0]), data: new Float32Array(4) };
  const sideways = widened(floats([1, 1, 1, 1, 1, 1], [1, 1, 1, 1]), 2);
  it.each<[string, string, Record<string, RaggedTensor>, string, RegExp]>([
    [
      'a datum too short',
      'ppo',
      { advantages: floats([1, 1, 1], [1]) },
      'data[1].loss_fn_inputs.advantages',
      /length 1, expected 2/,
    ],
    ['a datum too few', 'ppo', { logprobs: floats([1, 1, 1]) }, 'data[1].loss_fn_inputs.logprobs', /1 of 2 datums/],
    [
      'numbers missing',
      'ppo',
      { logprobs: shortOffsets },
      'data[1].loss_fn_inputs.logprobs',
      /4 numbers .* add up to 5/,
    ],
    ['integers for floats', 'ppo', { logprobs: tokens }, 'data[0].loss_fn_inputs.logprobs', /float32/],
    [
      'floats for integers',
      'ppo',
      { target_tokens: floats([1, 1, 1], [1, 1]) },
      'data[0].loss_fn_inputs.target_tokens',
      /int64/,
    ],
    [
      'NaN',
      'ppo',
      { advantages: floats([1, 1, 1], [1, NaN]) },
      'data[1].loss_fn_inputs.advantages',
      /NaN at position 1/,
    ],
    [
      'infinity',
      'ppo',
      { logprobs: floats([1, -Infinity, 1], [1, 1]) },
      'data[0].loss_fn_inputs.logprobs',
      /-Infinity at position 1/,
    ],
    ['two numbers per position', 'ppo', { weights: sideways }, 'data[0].loss_fn_inputs.weights', /\(N, 2\), .* \(N\)/],
    [
      'K targets for a loss of one',
      'ppo',
      { target_tokens: widened(integers([1, 1, 1], [1, 1]), 1) },
      'data[0].loss_fn_inputs.target_tokens',
      /expects \(N\)/,
    ],
    [
      'a name no loss reads',
      'ppo',
      { weight: floats([1, 1, 1], [1, 1]) },
      'data[0].loss_fn_inputs.weight',
      /not an input of any loss/,
    ],
  ])('refuses %s', (_, name, changed, field, message) => {
    const error = refusal(() => check(name, changed));
    expect(error).toMatchObject({ code: 'invalid_request', details: { field } });
    expect(error.message).toMatch(message);
    expect(error.details.remedy).toBeTruthy();
  });
});
