import { describe, expect, it } from 'vitest';
import { makeBaseModel } from '../../../../test/support/service/api-base-model.js';
import { LossRegistry } from '../../../losses/loss-registry.js';
import { toDatumBatch } from './datum-batch.js';
import { readJsonRequest } from './json-request.js';
import { readProtoRequest } from './proto-request.js';
import { measureMessage } from './proto-size.js';
import { type WireTensor } from './wire-datum.js';
import { ForwardBackwardRequestType } from './wire-schema.js';

/** Small bodies that would take all memory, or the event loop for longer than a test may last. */
const MOST = 8192;

/** Protobuf's field `id` with these bytes, fewer than 128 of them. */
const field = (id: number, ...bytes: number[]) => [(id << 3) | 2, bytes.length, ...bytes];
const many = (count: number, piece: readonly number[]) => Buffer.alloc(count * piece.length, Uint8Array.from(piece));
/** Field `id` with many bytes. */
const wrap = (id: number, inner: Buffer) => {
  const { length } = inner;
  const size = [(length & 127) | 128, ((length >> 7) & 127) | 128, ((length >> 14) & 127) | 128, length >> 21];
  return Buffer.concat([Buffer.of((id << 3) | 2, ...size), inner]);
};

describe('a body of protobuf', () => {
  it.each<[string, Buffer, RegExp]>([
    ['empty datums', many(4_000_000, field(3)), /^data has more than 8192 datums/],
    ['chunks of one datum', wrap(3, many(4_000_000, field(1))), /^body contains more than 524288 fields/],
    ['sizes of a shape', wrap(3, wrap(2, wrap(2, wrap(4, many(4_000_000, [1]))))), /^body contains more than/],
    ['numbers that nobody knows', many(4_000_000, [0x78, 1]), /^body contains more than/],
  ])('is refused for too many %s', (_, bytes, problem) => {
    expect(() => readProtoRequest(bytes)).toThrow(problem);
  });

  it('is counted as it is decoded', () => {
    const tensor = { dense: Buffer.alloc(8), dtype: 1, shape: [2] };
    const chunk = { encoded_text: { tokens: Buffer.alloc(8) } };
    const datum = { model_input: [chunk], loss_fn_inputs: { weights: tensor } };
    const message = ForwardBackwardRequestType.fromObject({ model_id: 'm', data: [datum, datum], loss_fn: 'x' });
    const bytes = ForwardBackwardRequestType.encode(message).finish();
    const limits = { datums: MOST, fields: 1000 };
    // Two names; for each datum itself, 3 of the chunk, and 7 of the tensor with the number in its shape.
    expect(measureMessage(bytes, ForwardBackwardRequestType, limits)).toEqual({ datums: 2, fields: 2 + 2 * 11 });
    expect(() => measureMessage(bytes.subarray(0, -2), ForwardBackwardRequestType, limits)).toThrow();
  });
});

it('a body of JSON is refused for too many datums', () => {
  const forward_input = { data: Array.from({ length: MOST + 1 }, () => ({})), loss_fn: 'cross_entropy' };
  expect(() => readJsonRequest({ model_id: 'm', forward_input }, 'forward_input')).toThrow(/more than 8192 datums/);
});

describe('sparse tensors that claim a lot', () => {
  const loss = new LossRegistry().get('cross_entropy');
  const context = { model: makeBaseModel(), loss: loss.metadata, knownInputs: [] };
  const empty = (width: number): WireTensor => {
    return { values: [], shape: [1, width], sparse: { rowStarts: [0, 0], columns: [] } };
  };
  const batchOf = (...targets: WireTensor[]) =>
    toDatumBatch(
      targets.map((target_tokens) => ({ tokens: [1], inputs: { target_tokens } })),
      context,
    );

  it('are refused by the sum of their cells, before any is filled', () => {
    expect(() => batchOf(empty(2 ** 23), empty(2 ** 23), empty(2 ** 23), empty(2 ** 23 + 1))).toThrow(
      /^data has sparse tensors with 33554433 cells in total/,
    );
    const both = { target_tokens: empty(2 ** 24), weights: empty(2 ** 24 + 1) };
    expect(() => toDatumBatch([{ tokens: [1], inputs: both }], context)).toThrow(/33554433 cells/);
    expect(() => batchOf(empty(2 ** 26))).toThrow(/67108864 cells/);
  });

  it('cannot hide behind shapes that are none', () => {
    const none: WireTensor = { values: [], shape: [-1, 2 ** 40], sparse: { rowStarts: [0], columns: [] } };
    expect(() => batchOf(empty(2 ** 26), none)).toThrow(/67108864 cells/);
    expect(() => batchOf(empty(2), none)).toThrow(/data\[1\]\.loss_fn_inputs\.target_tokens\.shape/);
  });
});
