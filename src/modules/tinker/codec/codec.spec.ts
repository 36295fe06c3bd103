import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeBaseModel } from '../../../../test/support/service/api-base-model.js';
import { recorded } from '../../../../test/support/service/recorded.js';
import { type OperationData } from '../../../domain/operation-data.js';
import { WrittenLoss } from '../../../losses/expressions/written-loss.js';
import { toDatumBatch } from './datum-batch.js';
import { readJsonRequest } from './json-request.js';
import { readProtoRequest } from './proto-request.js';
import { readPromptTargets } from './prompt-targets.js';
import { forwardToProto, toWireMetrics } from './results.js';
import { sampleToJson, sampleToProto } from './sample-results.js';
import { densify, type WireTensor } from './wire-datum.js';
import { ForwardBackwardOutputType, SampleResponseType } from './wire-schema.js';

const RECORDED = path.join(import.meta.dirname, '../../../../test/sdk/recorded');
const FIXTURE = path.join(import.meta.dirname, '../../../../test/fixtures/tinker/messages.json');

/** Bytes that the SDK's own generated code made (0.38.0). */
const messages = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Record<
  'request' | 'image' | 'forward' | 'sample',
  string
>;
const bytesOf = (name: keyof typeof messages) => Buffer.from(messages[name], 'base64');

const forwardResult: OperationData = {
  json: { loss: 6, metrics: { 'loss:sum': 6 }, num_samples: 2 },
  tensors: {
    logprobs: { data: Float32Array.of(-1, -2, -3), offsets: Int32Array.of(0, 1, 3), trailingShape: [] },
  },
};

const rows = (count: number, trailingShape: number[] = []) => ({ offsets: Int32Array.of(0, count), trailingShape });
const sampleResult: OperationData = {
  json: { stop_reasons: ['length'] },
  tensors: {
    tokens: { data: Int32Array.of(4, 5), ...rows(2) },
    logprobs: { data: Float32Array.of(-0.5, -0.25), ...rows(2) },
    prompt_logprobs: { data: Float32Array.of(NaN, -1), ...rows(2) },
    prompt_top_tokens: { data: Int32Array.of(0, 9), ...rows(2, [1]) },
    prompt_top_logprobs: { data: Float32Array.of(-99_999, -2), ...rows(2, [1]) },
  },
};

describe('protobuf', () => {
  it('reads a request that the SDK wrote', () => {
    const { data, ...request } = readProtoRequest(bytesOf('request'));
    expect(request).toEqual({
      modelId: 'm',
      seqId: 7,
      loss: 'ppo',
      forwardOnly: true,
      lossConfig: { clip_low_threshold: 0.75 },
    });
    expect(data).toHaveLength(1);
    expect(data[0]!.tokens).toEqual(Int32Array.of(1, 2, 3));
    const { target_tokens: targets, weights } = data[0]!.inputs;
    expect(densify(targets!, 'f')).toEqual({ values: Float64Array.of(0, 5, 0, 0, 6, 7), shape: [3, 2] });
    expect(weights).toEqual({ values: Float32Array.of(0, 1, 0.5, -1, 2, 3), shape: [3, 2] });
  });

  it('refuses images, and bytes that are no message', () => {
    expect(() => readProtoRequest(bytesOf('image'))).toThrow(/kind 'image'/);
    expect(() => readProtoRequest(Buffer.from([0xff, 0xff]))).toThrow(/cannot be read as protobuf/);
  });

  it('writes results that say what those of the SDK say', () => {
    const plain = (type: typeof SampleResponseType, bytes: Uint8Array) =>
      type.toObject(type.decode(bytes), { defaults: true, bytes: String, longs: Number });
    expect(plain(ForwardBackwardOutputType, forwardToProto(forwardResult))).toEqual(
      plain(ForwardBackwardOutputType, bytesOf('forward')),
    );
    expect(plain(SampleResponseType, sampleToProto(sampleResult))).toEqual(
      plain(SampleResponseType, bytesOf('sample')),
    );
  });
});

describe('JSON', () => {
  it('reads a request with sparse tensors, and ignores what it does not know', () => {
    const input = {
      data: [
        {
          model_input: { chunks: [{ type: 'encoded_text', tokens: [1, 2], extra: 1 }] },
          loss_fn_inputs: {
            target_tokens: {
              data: [9],
              dtype: 'int64',
              shape: [2, 2],
              sparse_crow_indices: [0, 0, 1],
              sparse_col_indices: [1],
            },
          },
          extra: {},
        },
      ],
      loss_fn: 'cross_entropy',
    };
    const request = readJsonRequest({ model_id: 'm', seq_id: 1, forward_input: input, extra: 1 }, 'forward_input');
    expect(request).toMatchObject({ modelId: 'm', seqId: 1, loss: 'cross_entropy', lossConfig: {}, forwardOnly: true });
    expect(densify(request.data[0]!.inputs['target_tokens']!, 'f').values).toEqual(Float64Array.of(0, 0, 0, 9));
  });

  it('answers prompt log-probs with null where there are none', () => {
    expect(sampleToJson(sampleResult)).toEqual({
      type: 'sample',
      sequences: [{ stop_reason: 'length', tokens: [4, 5], logprobs: [-0.5, -0.25] }],
      prompt_logprobs: [null, -1],
      topk_prompt_logprobs: [null, [[9, -2]]],
      prompt_cache_hit_tokens: 0,
    });
  });
});

describe('scores of a prompt and its continuation', () => {
  const scored = (columns?: Int32Array): OperationData => ({
    json: { stop_reasons: ['stop', 'length'], target_width: columns ? 4 : 1 },
    tensors: {
      tokens: { data: Int32Array.of(4, 5, 6), offsets: Int32Array.of(0, 1, 3), trailingShape: [] },
      logprobs: { data: Float32Array.of(-0.5, -0.25, -1), offsets: Int32Array.of(0, 1, 3), trailingShape: [] },
      top_tokens: { data: Int32Array.of(4, 1, 5, 2, 3, 6), offsets: Int32Array.of(0, 1, 3), trailingShape: [2] },
      top_logprobs: {
        data: Float32Array.of(-0.5, -3, -0.25, -4, -0.75, -1),
        offsets: Int32Array.of(0, 1, 3),
        trailingShape: [2],
      },
      prompt_target_logprobs: { data: Float32Array.of(-2, 0), offsets: Int32Array.of(0, 1, 2), trailingShape: [] },
      ...(columns ? { prompt_target_columns: { data: columns, ...rows(2) } } : {}),
      prompt_alternatives: { data: Int32Array.of(7, 8, 9, 9), ...rows(2, [2]) },
      prompt_alternative_logprobs: { data: Float32Array.of(-1, -2, -3, -3), ...rows(2, [2]) },
    },
  });
  const meaning = (name: string) =>
    JSON.parse(readFileSync(path.join(RECORDED, `${name}-0.38.0.json`), 'utf8')) as Record<string, unknown>;

  it.each([
    ['sample-scores', scored()],
    ['sample-scores-sparse', scored(Int32Array.of(3, 1))],
  ])('are written as the SDK reads them: %s', (name, result) => {
    const plain = (bytes: Uint8Array) =>
      SampleResponseType.toObject(SampleResponseType.decode(bytes), { defaults: true, bytes: String, longs: Number });
    expect(plain(sampleToProto(result))).toEqual(plain(recorded(name)));
    expect(sampleToJson(result)).toMatchObject(meaning(name));
  });
});

describe('token ids to score in a prompt', () => {
  const read = (tensor: unknown) => readPromptTargets(tensor, 3, 100);

  it('are read dense', () => {
    expect(read({ data: [5, -1, -1, 99], dtype: 'int64', shape: [2, 2] })).toEqual({
      tokens: { data: Int32Array.of(5, -1, -1, 99), offsets: Int32Array.of(0, 2, 4), trailingShape: [] },
      width: 2,
      columns: null,
    });
  });

  it('are read sparse, of whatever width', () => {
    const cells = { sparse_crow_indices: [0, 0, 2], sparse_col_indices: [1, 2 ** 30] };
    expect(read({ data: [5, 7], dtype: 'int64', shape: [2, 2 ** 31 - 1], ...cells })).toEqual({
      tokens: { data: Int32Array.of(5, 7), offsets: Int32Array.of(0, 0, 2), trailingShape: [] },
      width: 2 ** 31 - 1,
      columns: Int32Array.of(1, 2 ** 30),
    });
  });

  it.each<[string, unknown, RegExp]>([
    ['a bare list', [1, 2], /shape is missing, but the prompt has 3 tokens/],
    ['another number of rows', { data: [1, 2, 3], shape: [3, 1] }, /shape is \[3,1\].*Send \[2, K\]/],
    ['three dimensions', { data: [1, 2], shape: [2, 1, 1] }, /shape is \[2,1,1\]/],
    ['no columns', { data: [], shape: [2, 0] }, /shape is \[2,0\]/],
    ['columns beyond 32 bits', { data: [], shape: [2, 2 ** 31] }, /shape is/],
    ['too few numbers', { data: [1], shape: [2, 1] }, /data contains 1 numbers.*has 2\./],
    ['a token beyond the vocabulary', { data: [1, 100], shape: [2, 1] }, /data\[1\] is 100.*0 to 99/],
    ['a number below -1', { data: [1, -2], shape: [2, 1] }, /data\[1\] is -2/],
    ['half a token', { data: [1, 0.5], shape: [2, 1] }, /data\[1\] is 0\.5/],
    ['text', { data: [1, '2'], shape: [2, 1] }, /data\[1\] is '2'/],
    ['no token at all', { data: [-1, -1], shape: [2, 1] }, /contains no token id/],
    [
      'cells that do not fit',
      { data: [1], shape: [2, 2], sparse_crow_indices: [0, 2, 1], sparse_col_indices: [0] },
      /sparse_crow_indices are not ascending at row 0/,
    ],
    [
      'a column that is not there',
      { data: [1], shape: [2, 2], sparse_crow_indices: [0, 1, 1], sparse_col_indices: [2] },
      /sparse_col_indices\[0\] is 2/,
    ],
  ])('refuse %s', (_, tensor, message) => {
    expect(() => read(tensor)).toThrow(message);
  });
});

describe('sparse tensors', () => {
  const tensor = (sparse: { rowStarts: number[]; columns: number[] }, shape = [2, 2]) =>
    densify({ values: [1], shape, sparse }, 'field');

  it.each([
    ['a column beyond K', { rowStarts: [0, 1, 1], columns: [2] }, [2, 2]],
    ['row starts that fall', { rowStarts: [0, 2, 1], columns: [0] }, [2, 2]],
    ['too few row starts', { rowStarts: [0, 1], columns: [0] }, [2, 2]],
    ['a shape that would take all memory', { rowStarts: [0, 1, 1], columns: [0] }, [1e6, 1e6]],
  ])('refuses %s', (_, sparse, shape) => {
    expect(() => tensor(sparse, shape)).toThrow(/^field/);
  });
});

describe('what is not a number', () => {
  const context = {
    model: makeBaseModel(),
    loss: new WrittenLoss({ name: 'nll', loss: 'sum(-target_logprobs)' }).metadata,
    knownInputs: [],
  };
  const batchOf = (tokens: unknown[], targets: WireTensor) =>
    toDatumBatch([{ tokens, inputs: { target_tokens: targets } }], context);

  /** What String() cannot make a text of. */
  const unspeakable = [{ toString: 1 }, JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as unknown];

  it.each(unspeakable)('is refused and not a fault here: what has no text (%#)', (value) => {
    expect(() => batchOf([1, value], { values: [1, 2] })).toThrow(
      /model_input contains (an object|a list of 1) at pos/,
    );
    const loss = new WrittenLoss({ name: 'nll', loss: 'sum(-weights * target_logprobs)' }).metadata;
    const inputs = { target_tokens: { values: [1] }, weights: { values: [value] } };
    expect(() => toDatumBatch([{ tokens: [1], inputs }], { ...context, loss })).toThrow(/weights contains (an|a) /);
    expect(() => densify({ values: [1], shape: [1, 2], sparse: { rowStarts: [0, 1], columns: [value] } }, 'f')).toThrow(
      /sparse_col_indices\[0\] is (an|a) /,
    );
  });

  it('is not repeated at length: names, shapes and kinds of a client', () => {
    const long = 'x'.repeat(1e6);
    const requestOf = (model_input: object, inputs: object) =>
      readJsonRequest(
        {
          model_id: 'm',
          forward_input: { loss_fn: 'ppo', data: [{ model_input, loss_fn_inputs: inputs }] },
        },
        'forward_input',
      );
    const refusals = [
      () => requestOf({ chunks: [] }, { [long]: 1 }),
      () => requestOf({ chunks: [{ type: long }] }, {}),
      () => batchOf([1], { values: [1], shape: new Array<number>(1e5).fill(1) }),
    ];
    for (const refusal of refusals) {
      expect(refusal).toThrow(expect.objectContaining({ message: expect.stringMatching(/^.{1,500}$/) as string }));
    }
  });

  it.each([null, '', '1', true, [1], {}])('is not a token id: %o', (value) => {
    expect(() => batchOf([1, value], { values: [1, 2] })).toThrow(/^data\[0\]\.model_input contains .* at position 1/);
    expect(() => batchOf([1, 2], { values: [1, value] })).toThrow(/target_tokens contains .* at position 1/);
    expect(() => densify({ values: [1], shape: [1, 2], sparse: { rowStarts: [0, 1], columns: [value] } }, 'f')).toThrow(
      /sparse_col_indices/,
    );
    expect(() => densify({ values: [1], shape: [1, 2], sparse: { rowStarts: [value, 1], columns: [0] } }, 'f')).toThrow(
      /sparse_crow_indices/,
    );
    expect(
      densify({ values: [value], shape: [1, 1], sparse: { rowStarts: [0, 1], columns: [0] } }, 'f').values,
    ).toEqual(Float64Array.of(NaN));
  });

  it('is asked for by name where protobuf leaves the model out', () => {
    expect(() => readProtoRequest(Buffer.alloc(0))).toThrow(/^model_id is missing/);
  });
});

describe('inputs with one number for the whole datum', () => {
  const loss = new WrittenLoss({
    name: 'mine',
    loss: 'sum(reward * datum_sum(target_logprobs))',
    inputs: { reward: { per: 'datum' } },
  });
  const context = { model: makeBaseModel(), loss: loss.metadata, knownInputs: [] };
  const batchOf = (...rewards: WireTensor[]) =>
    toDatumBatch(
      rewards.map((reward) => ({ tokens: [1, 2], inputs: { target_tokens: { values: [2, 3] }, reward } })),
      context,
    );

  it('are read as a list, a scalar, and integers of protobuf', () => {
    const batch = batchOf(
      { values: [0.5] },
      { values: [2], shape: [] },
      { values: BigInt64Array.of(3n), shape: [1] },
      { values: Float32Array.of(4), shape: [1, 1] },
    );
    expect(batch.lossInputs['reward']).toEqual({
      data: Float32Array.of(0.5, 2, 3, 4),
      offsets: Int32Array.of(0, 1, 2, 3, 4),
      trailingShape: [],
    });
    expect(batch.tokens.offsets).toEqual(Int32Array.of(0, 2, 4, 6, 8));
  });

  it.each<[string, WireTensor]>([
    ['a number per token', { values: [1, 1] }],
    ['no number', { values: [], shape: [0] }],
    ['another shape', { values: [1], shape: [2] }],
  ])('refuse %s', (_, reward) => {
    expect(() => batchOf(reward)).toThrow(/^data\[0\]\.loss_fn_inputs\.reward has shape .* one number for the datum/);
  });
});

describe('metrics', () => {
  it('have exactly one colon, with how chunks are combined', () => {
    expect(toWireMetrics({ 'loss:sum': 1, num_tokens: 2, mean_nll: 3, max_ratio: 4, min_ratio: 5 })).toEqual({
      'loss:sum': 1,
      'num_tokens:sum': 2,
      'mean_nll:mean': 3,
      'max_ratio:max': 4,
      'min_ratio:min': 5,
    });
  });
});
