import { describe, expect, it } from 'vitest';
import { ragged } from './generate-result.js';
import { decodeMetrics, decodeSavedPath } from './training-results.js';
import { encodeForwardResult } from './forward-payload.js';

describe('results of training operations', () => {
  it('are read as they were written', () => {
    const logprobs = ragged([Float32Array.of(-1)], new Float32Array(1));
    const result = encodeForwardResult({ loss: 2, metrics: { num_tokens: 1 }, logprobs }, {
      name: 'cross_entropy',
    } as never);
    expect(decodeMetrics(result)).toEqual({ 'loss:sum': 2, num_tokens: 1 });
    expect(decodeSavedPath({ json: { path: 'tinker://a/weights/b' }, tensors: {} })).toBe('tinker://a/weights/b');
  });

  it.each([{}, { metrics: null }, { metrics: { loss: 'none' } }])('refuse %j', (json) => {
    expect(() => decodeMetrics({ json, tensors: {} })).toThrow('no metrics');
    expect(() => decodeSavedPath({ json, tensors: {} })).toThrow('no path');
  });
});
