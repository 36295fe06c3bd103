import { describe, expect, it } from 'vitest';
import { quantizeQ8 } from './quantized-blocks.js';

describe('Q8_0', () => {
  it('is what gguf.quants.quantize of gguf 0.19 gives', () => {
    const numbers = Float32Array.from({ length: 96 }, (_, i) => (i < 32 ? 0 : ((i * 37) % 101) - 50 + i / 7));
    expect(Buffer.from(quantizeQ8(numbers)).toString('hex')).toBe(QUANTIZED);
  });

  it('rounds halves away from zero', () => {
    const numbers = new Float32Array(32);
    numbers.set([127, 0.5, -0.5, 1.5, -2.5]);
    const values = new Int8Array(quantizeQ8(numbers).buffer, 2);
    expect([...values.subarray(0, 5)]).toEqual([127, 1, -1, 2, -3]);
  });
});

const QUANTIZED =
  '0000000000000000000000000000000000000000000000000000000000000000000041373db00254c7196bde30a3f547ba0c5ed12375e83aadff51c41668db2d7ff244b7ab370956d11e6ce734affc4ac51260da2875f03eb80653ce1c69e4317ffa47c2105d';
