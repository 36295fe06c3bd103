import { describe, expect, it } from 'vitest';
import { bfloat16ToFloat32, float16ToFloat32 } from './half-floats.js';

const everyPattern = Uint16Array.from({ length: 65_536 }, (_, i) => i);

/** The value of sign, exponent and fraction by the definition of the format, in float64. */
function valueOf(bits: number, exponentBits: number, fractionBits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> fractionBits) & ((1 << exponentBits) - 1);
  const fraction = bits & ((1 << fractionBits) - 1);
  const bias = (1 << (exponentBits - 1)) - 1;
  if (exponent === (1 << exponentBits) - 1) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits);
  return sign * (1 + fraction / 2 ** fractionBits) * 2 ** (exponent - bias);
}

function mismatches(converted: Float32Array, exponentBits: number, fractionBits: number): number[] {
  return [...everyPattern].filter((bits) => !Object.is(converted[bits], valueOf(bits, exponentBits, fractionBits)));
}

describe('half floats', () => {
  it('converts every float16 bit pattern exactly', () => {
    const converted = new Float32Array(65_536);
    float16ToFloat32(everyPattern, converted);
    expect(mismatches(converted, 5, 10)).toEqual([]);
  });

  it('converts every bfloat16 bit pattern exactly', () => {
    const converted = new Float32Array(65_536);
    bfloat16ToFloat32(everyPattern, converted);
    expect(mismatches(converted, 8, 7)).toEqual([]);
  });

  it('keeps NaN payloads and writes at the place of a view', () => {
    const memory = new Float32Array(3);
    bfloat16ToFloat32(Uint16Array.of(0x7fc1), memory.subarray(1));
    float16ToFloat32(Uint16Array.of(0xfe01), memory.subarray(2));
    expect([...new Uint32Array(memory.buffer)]).toEqual([0, 0x7fc10000, 0xffc02000]);
  });
});
