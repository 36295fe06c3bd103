import { describe, expect, it } from 'vitest';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './half-floats.js';

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

  it('keeps NaN payloads and writes at the offset of a view', () => {
    const memory = new Float32Array(3);
    bfloat16ToFloat32(Uint16Array.of(0x7fc1), memory.subarray(1));
    float16ToFloat32(Uint16Array.of(0xfe01), memory.subarray(2));
    expect([...new Uint32Array(memory.buffer)]).toEqual([0, 0x7fc10000, 0xffc02000]);
  });
});

describe.each([
  ['float16', float16ToFloat32, float32ToFloat16, 5, 10],
  ['bfloat16', bfloat16ToFloat32, float32ToBfloat16, 8, 7],
] as const)('rounding to %s', (_name, widen, narrow, exponentBits, fractionBits) => {
  const rounded = (numbers: Float32Array) => {
    const result = new Uint16Array(numbers.length);
    narrow(numbers, result);
    return result;
  };

  it('gives every bit pattern back', () => {
    const widened = new Float32Array(65_536);
    widen(everyPattern, widened);
    const isNaN = (bits: number) => Number.isNaN(valueOf(bits, exponentBits, fractionBits));
    const back = rounded(widened);
    expect([...everyPattern].filter((bits) => !isNaN(bits) && back[bits] !== bits)).toEqual([]);
    expect([...everyPattern].filter((bits) => isNaN(bits) && !isNaN(back[bits]!))).toEqual([]);
  });

  it('takes the nearest number, and of two the even one', () => {
    // Positive finite patterns and the one after each: their middle, and its neighbours among the float32 numbers.
    const patterns = [...everyPattern].filter((bits) => bits < ((1 << exponentBits) - 1) << fractionBits);
    const middles = new Float32Array(patterns.length);
    patterns.forEach((bits, i) => {
      const step = 2 ** (Math.max(1, bits >> fractionBits) - (1 << (exponentBits - 1)) + 1 - fractionBits);
      middles[i] = valueOf(bits, exponentBits, fractionBits) + step / 2;
    });
    const words = new Uint32Array(middles.buffer);
    const shifted = (by: number) => rounded(new Float32Array(words.map((word) => word + by).buffer));
    expect(rounded(middles)).toEqual(Uint16Array.from(patterns, (bits) => bits + (bits & 1)));
    expect(shifted(-1)).toEqual(Uint16Array.from(patterns));
    expect(shifted(1)).toEqual(Uint16Array.from(patterns, (bits) => bits + 1));
    expect(rounded(middles.map((middle) => -middle))).toEqual(
      Uint16Array.from(patterns, (bits) => 0x8000 | (bits + (bits & 1))),
    );
  });
});
