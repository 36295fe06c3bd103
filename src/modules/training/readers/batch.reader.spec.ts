import { describe, expect, it } from 'vitest';
import { makeBaseModel } from '../../../../test/support/service/api-base-model.js';
import { AppError } from '../../../common/errors/app-error.js';
import { datumValues } from '../../../domain/ragged-tensor.js';
import { LossRegistry } from '../../../losses/loss-registry.js';
import { type BatchRequest } from './batch-form.js';
import { readBatch, type ReadBatch } from './batch.reader.js';

const registry = new LossRegistry();
const knownInputs = registry.list().flatMap((loss) => loss.inputs.map((input) => input.name));

const read = (request: BatchRequest, lossName = 'cross_entropy'): Promise<ReadBatch> =>
  readBatch(request, { model: makeBaseModel(), loss: registry.get(lossName).metadata, knownInputs });

/** Field named by the refusal; fails when the request is accepted. */
async function refusedField(request: unknown, lossName?: string): Promise<unknown> {
  try {
    await read(request as BatchRequest, lossName);
  } catch (error) {
    if (error instanceof AppError && error.category === 'user' && error.status === 400) return error.details.field;
    throw error;
  }
  throw new Error('the request was accepted');
}

const datum = (tokens: unknown, inputs: unknown): unknown => ({
  model_input: { chunks: [{ type: 'encoded_text', tokens }] },
  loss_fn_inputs: inputs,
});
const chat = [
  { role: 'user', content: 'Hi' },
  { role: 'assistant', content: 'Yo' },
];

describe('data of another form', () => {
  it('is told from a datum with unknown fields', async () => {
    const problem = /data\[0\] is a message, not a conversation\. Wrap the list of messages in another list/;
    await expect(read({ data: chat })).rejects.toThrow(problem);
  });
});

describe('texts', () => {
  const text = { prompt: 'Hi', completion: 'Yo' };

  it('stand as they are, with the end token', async () => {
    const { batch, form } = await read({ data: [text, chat] });
    expect(form).toBe('conversations');
    expect([...datumValues(batch.tokens, 0)]).toEqual([72, 105, 89, 111]);
    expect([...datumValues(batch.lossInputs['target_tokens']!, 0)]).toEqual([105, 89, 111, 0]);
    expect(batch.lossInputs['weights']).toBeUndefined();
  });

  it('have their completion trained like an answer', async () => {
    const { batch } = await read({ data: [text, chat], train_on: 'assistant' });
    expect([...batch.lossInputs['weights']!.data]).toEqual([0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1]);
  });

  it.each([
    [{ prompt: 'Hi' }, 'data[0].completion'],
    [{ prompt: ['Hi'], completion: 'Yo' }, 'data[0].prompt'],
    [{ prompt: 'Hi', completion: '' }, 'data[0].completion'],
    [{ ...text, weight: 1 }, 'data[0].weight'],
    [{ prompt: 'x'.repeat(40), completion: 'y' }, 'data[0]'],
  ])('are refused by name where they are wrong: case %#', async (row, field) => {
    expect(await refusedField({ data: [row] })).toBe(field);
  });
});

describe('conversations', () => {
  it('shifts tokens by one and counts every target', async () => {
    const { batch, form } = await read({ data: [chat, [{ role: 'user', content: 'a' }]] });
    expect(form).toBe('conversations');
    // user, H, i, end, assistant, Y, o, end
    expect([...datumValues(batch.tokens, 0)]).toEqual([2, 72, 105, 0, 1, 89, 111]);
    expect([...datumValues(batch.lossInputs['target_tokens']!, 0)]).toEqual([72, 105, 0, 1, 89, 111, 0]);
    expect([...batch.tokens.offsets]).toEqual([0, 7, 9]);
    expect(batch.lossInputs['weights']).toBeUndefined();
  });

  it('weights only what the assistant wrote', async () => {
    const { batch } = await read({ data: [chat], train_on: 'assistant' });
    expect([...batch.lossInputs['weights']!.data]).toEqual([0, 0, 0, 0, 1, 1, 1]);
  });

  it('reads rows with messages like lists of them', async () => {
    const rows = await read({ data: [{ messages: chat }, chat], train_on: 'assistant' });
    expect(rows).toEqual(await read({ data: [chat, chat], train_on: 'assistant' }));
  });

  it('weights answers as their messages say', async () => {
    const messages = [chat[0], { ...chat[1], weight: 0 }, chat[0], { ...chat[1], weight: 0.5 }];
    const { batch } = await read({ data: [{ messages }], train_on: 'assistant' });
    expect([...batch.lossInputs['weights']!.data]).toEqual([...new Array<number>(12).fill(0), 0.5, 0.5, 0.5]);
  });

  it('refuses a weight that would not count', async () => {
    const weighted = { ...chat[1], weight: 0 };
    expect(await refusedField({ data: [[chat[0], weighted]] })).toBe('data[0][1].weight');
    const messages = [{ ...chat[0], weight: 1 }, chat[1]];
    expect(await refusedField({ data: [{ messages }], train_on: 'assistant' })).toBe('data[0].messages[0].weight');
  });

  it('takes one list or one number per conversation', async () => {
    const loss_fn_inputs = {
      logprobs: [
        [-1, -2, -3, -4, -5, -6, -7],
        [-8, -9],
      ],
      advantages: [0.5, -2],
    };
    const { batch } = await read({ data: [chat, [{ role: 'user', content: 'a' }]], loss_fn_inputs }, 'ppo');
    expect([...batch.lossInputs['logprobs']!.data]).toEqual([-1, -2, -3, -4, -5, -6, -7, -8, -9]);
    expect([...batch.lossInputs['advantages']!.data]).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, -2, -2]);
  });

  it('accepts equal targets and refuses others', async () => {
    const targets = [72, 105, 0, 1, 89, 111, 0];
    await expect(read({ data: [chat], loss_fn_inputs: { target_tokens: [targets] } })).resolves.toBeDefined();
    targets[3] = 7;
    expect(await refusedField({ data: [chat], loss_fn_inputs: { target_tokens: [targets] } })).toBe(
      'loss_fn_inputs.target_tokens',
    );
  });

  it('combines given weights with the assistant mask', async () => {
    const request: BatchRequest = { data: [chat], train_on: 'assistant', loss_fn_inputs: { weights: [0.5] } };
    expect([...(await read(request)).batch.lossInputs['weights']!.data]).toEqual([0, 0, 0, 0, 0.5, 0.5, 0.5]);
  });

  it.each([
    ['missing inputs', { data: [chat] }, 'loss_fn_inputs.logprobs'],
    [
      'a wrong count',
      { data: [chat], loss_fn_inputs: { logprobs: [-1, -1], advantages: [1] } },
      'loss_fn_inputs.logprobs',
    ],
    [
      'a wrong length',
      { data: [chat], loss_fn_inputs: { logprobs: [[-1]], advantages: [1] } },
      'loss_fn_inputs.logprobs[0]',
    ],
    ['an unknown input', { data: [chat], loss_fn_inputs: { reward: [1] } }, 'loss_fn_inputs.reward'],
  ])('refuses %s', async (_what, request, field) => {
    expect(await refusedField(request, 'ppo')).toBe(field);
  });

  it.each([
    ['an empty conversation', [[]], 'data[0]'],
    ['a message that is not an object', [['hi']], 'data[0][0]'],
    ['a message without content', [[{ role: 'user' }]], 'data[0][0].content'],
    ['a misspelt key', [[{ role: 'user', content: 'a', nmae: 'b' }]], 'data[0][0].nmae'],
    ['an unknown field of a row', [{ messages: chat, tool: [] }], 'data[0].tool'],
    ['tools that are no list', [{ messages: chat, tools: {} }], 'data[0].tools'],
    ['a chat beyond the context', [chat, [{ role: 'user', content: 'x'.repeat(31) }]], 'data[1]'],
  ])('refuses %s', async (_what, data, field) => {
    expect(await refusedField({ data })).toBe(field);
  });

  it('names the length and the limit of a chat that is too long', async () => {
    await expect(read({ data: [[{ role: 'user', content: 'x'.repeat(31) }]] })).rejects.toThrow(/33 tokens.*32 tokens/);
  });

  it('refuses to train on an assistant that says nothing', async () => {
    expect(await refusedField({ data: [[{ role: 'user', content: 'a' }]], train_on: 'assistant' })).toBe('data[0]');
  });
});

describe('datums', () => {
  it('joins chunks and inputs of ragged datums', async () => {
    const first = {
      model_input: {
        chunks: [
          { type: 'encoded_text', tokens: [1, 2] },
          { type: 'encoded_text', tokens: [3] },
        ],
      },
      loss_fn_inputs: { target_tokens: { data: [2, 3, 4], dtype: 'int64', shape: [3] }, weights: [0, 0.5, 1] },
    };
    const { batch, form } = await read({ data: [first, datum([9], { target_tokens: [8], weights: [-1] })] });
    expect(form).toBe('datums');
    expect([...batch.tokens.data]).toEqual([1, 2, 3, 9]);
    expect([...batch.tokens.offsets]).toEqual([0, 3, 4]);
    expect(batch.lossInputs['target_tokens']!.data).toEqual(Int32Array.of(2, 3, 4, 8));
    expect(batch.lossInputs['weights']!.data).toEqual(Float32Array.of(0, 0.5, 1, -1));
  });

  it('reads K targets per position', async () => {
    const inputs = {
      target_tokens: { data: [1, 2, 3, 4], dtype: 'int64', shape: [2, 2] },
      weights: { data: [1, 0, 0.5, 0.5], dtype: 'float32', shape: [2, 2] },
    };
    const { batch } = await read({ data: [datum([5, 6], inputs)] });
    expect(batch.lossInputs['target_tokens']!.trailingShape).toEqual([2]);
    expect([...batch.lossInputs['weights']!.data]).toEqual([1, 0, 0.5, 0.5]);
  });

  it('leaves inputs of other losses out', async () => {
    const { batch } = await read({ data: [datum([1], { target_tokens: [1], advantages: [1] })] });
    expect(Object.keys(batch.lossInputs)).toEqual(['target_tokens']);
  });

  const at = 'data[0].loss_fn_inputs';
  const chunks = 'data[0].model_input.chunks[0]';
  it.each([
    ['no data', {}, 'data'],
    ['empty data', { data: [] }, 'data'],
    ['data that is not a list', { data: { role: 'user' } }, 'data'],
    ['mixed forms', { data: [datum([1], { target_tokens: [1] }), chat] }, 'data[1]'],
    ['request-level inputs', { data: [datum([1], { target_tokens: [1] })], loss_fn_inputs: {} }, 'loss_fn_inputs'],
    ['train_on', { data: [datum([1], { target_tokens: [1] })], train_on: 'all' }, 'train_on'],
    ['an empty sequence', { data: [datum([], { target_tokens: [] })] }, 'data[0].model_input'],
    ['missing targets', { data: [datum([1], {})] }, `${at}.target_tokens`],
    ['missing inputs', { data: [datum([1], undefined)] }, at],
    ['inputs of the wrong length', { data: [datum([1, 2], { target_tokens: [1] })] }, `${at}.target_tokens`],
    ['an unknown input', { data: [datum([1], { target_tokens: [1], wieghts: [1] })] }, `${at}.wieghts`],
    ['a negative token', { data: [datum([-1], { target_tokens: [1] })] }, `${chunks}.tokens[0]`],
    ['a token beyond the vocabulary', { data: [datum([1, 128], { target_tokens: [1, 1] })] }, `${chunks}.tokens[1]`],
    ['a fractional token', { data: [datum([1.5], { target_tokens: [1] })] }, `${chunks}.tokens[0]`],
    ['a token as text', { data: [datum(['1'], { target_tokens: [1] })] }, `${chunks}.tokens[0]`],
    ['a target beyond the vocabulary', { data: [datum([1], { target_tokens: [128] })] }, `${at}.target_tokens[0]`],
    ['infinity', { data: [datum([1], { target_tokens: [1], weights: [Infinity] })] }, `${at}.weights[0]`],
    ['a number beyond float32', { data: [datum([1], { target_tokens: [1], weights: [1e39] })] }, `${at}.weights[0]`],
    ['null for a number', { data: [datum([1], { target_tokens: [1], weights: [null] })] }, `${at}.weights[0]`],
    ['a long sequence', { data: [datum(new Array(33).fill(1), {})] }, 'data[0].model_input'],
    [
      'a wrong dtype',
      { data: [datum([1], { target_tokens: { data: [1], dtype: 'int8' } })] },
      `${at}.target_tokens.dtype`,
    ],
    [
      'a wrong shape',
      { data: [datum([1], { target_tokens: { data: [1], shape: [2] } })] },
      `${at}.target_tokens.shape`,
    ],
    ['nested lists', { data: [datum([1], { target_tokens: [[1]] })] }, `${at}.target_tokens[0]`],
    ['an unknown field', { data: [{ tokens: [1] }] }, 'data[0].tokens'],
  ])('refuses %s', async (_what, request, field) => {
    expect(await refusedField(request)).toBe(field);
  });

  it('refuses images and says why', async () => {
    const image = { model_input: { chunks: [{ type: 'image', data: '', format: 'png' }] }, loss_fn_inputs: {} };
    await expect(read({ data: [image] })).rejects.toThrow(/text, not images/);
  });

  it('refuses an optional input that only some datums have', async () => {
    const data = [datum([1], { target_tokens: [1], weights: [1] }), datum([1], { target_tokens: [1] })];
    expect(await refusedField({ data })).toBe('data[1].loss_fn_inputs.weights');
  });

  it('refuses different K in one request', async () => {
    const wide = datum([1], { target_tokens: { data: [1, 2], shape: [1, 2] } });
    const narrow = datum([1], { target_tokens: { data: [1], shape: [1, 1] } });
    expect(await refusedField({ data: [wide, narrow] })).toBe('data[1].loss_fn_inputs.target_tokens.data');
  });
});
