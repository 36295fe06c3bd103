import { describe, expect, it } from 'vitest';
import { StorageError } from '../common/errors/storage.errors.js';
import { type OperationData } from '../domain/operation-data.js';
import { offsetsOf } from '../domain/ragged-tensor.js';
import { decodeOperationData, encodeOperationData } from './operation-data.codec.js';
import { encodeSafetensors } from './safetensors.js';

const data: OperationData = {
  json: { loss_fn: 'ppo', config: { clip: 0.2 }, names: ['a', null], text: 'Zürich' },
  tensors: {
    tokens: { data: Int32Array.of(1, 2, 3, 4, 5), offsets: offsetsOf([2, 0, 3]), trailingShape: [] },
    logprobs: {
      data: Float32Array.of(-0.5, -0, NaN, -Infinity, 1e-45, 3),
      offsets: offsetsOf([1, 2]),
      trailingShape: [2],
    },
    nothing: { data: new Float32Array(0), offsets: offsetsOf([0, 0]), trailingShape: [] },
    noDatums: { data: new Int32Array(0), offsets: offsetsOf([]), trailingShape: [3] },
  },
};

const sameBytes = (a: ArrayBufferView, b: ArrayBufferView): boolean =>
  Buffer.compare(
    new Uint8Array(a.buffer, a.byteOffset, a.byteLength),
    new Uint8Array(b.buffer, b.byteOffset, b.byteLength),
  ) === 0;

describe('operation data codec', () => {
  it('gives back what it got, bit for bit, empty tensors too', () => {
    const decoded = decodeOperationData(encodeOperationData(data));
    expect(decoded).toEqual(data);
    const bits = (tensors: OperationData['tensors']) => new Uint32Array(tensors['logprobs']!.data.slice().buffer);
    expect(bits(decoded.tensors)).toEqual(bits(data.tensors));
  });

  it('works without tensors and from bytes that lie unaligned', () => {
    expect(decodeOperationData(encodeOperationData({ json: {}, tensors: {} }))).toEqual({ json: {}, tensors: {} });
    const bytes = encodeOperationData(data);
    const shifted = Buffer.concat([Buffer.of(0), bytes]).subarray(1);
    expect(decodeOperationData(shifted)).toEqual(data);
  });

  it('decodes to views: 270,000 numbers become no other objects', () => {
    const numbers = Float32Array.from({ length: 270_000 }, (_, i) => i / 7);
    const one = { json: {}, tensors: { x: { data: numbers, offsets: offsetsOf([270_000]), trailingShape: [] } } };
    const bytes = encodeOperationData(one);
    expect(bytes.byteLength).toBeLessThan(numbers.byteLength + 400);
    const decoded = decodeOperationData(bytes).tensors['x']!;
    expect(sameBytes(decoded.data, numbers)).toBe(true);
    expect(decoded.data.buffer).toBe(bytes.buffer);
  });

  it('keeps a view on part of a larger array apart from its neighbours', () => {
    const part = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    const bytes = encodeOperationData({
      json: {},
      tensors: { x: { data: part, offsets: offsetsOf([2]), trailingShape: [] } },
    });
    expect(decodeOperationData(bytes).tensors['x']!.data).toEqual(Float32Array.of(1, 2));
  });

  it('refuses names that collide', () => {
    const ragged = { data: new Int32Array(0), offsets: offsetsOf([]), trailingShape: [] };
    expect(() => encodeOperationData({ json: {}, tensors: { a: ragged, 'a.offsets': ragged } })).toThrow(/collide/);
  });

  it.each([
    ['cut short', encodeOperationData(data).subarray(0, 200)],
    ['without the JSON part', encodeSafetensors(new Map())],
    [
      'with offsets beyond the numbers',
      encodeSafetensors(
        new Map([
          ['x', { dtype: 'F32', shape: [1], data: Float32Array.of(1) }],
          ['x.offsets', { dtype: 'I32', shape: [2], data: Int32Array.of(0, 2) }],
        ]),
        { json: '{}' },
      ),
    ],
  ])('reports bytes %s as damaged', (_, bytes) => {
    expect(() => decodeOperationData(bytes)).toThrow(StorageError);
  });
});
