import { describe, expect, it } from 'vitest';
import { ropeTables } from './rope-tables.js';

const PLAIN = { theta: 10_000, scaling: null };

describe('ropeTables', () => {
  it('holds cos and sin of position * theta^(-2i/D), and the sines turned round', () => {
    const { positions, cos, sin, negativeSin } = ropeTables(PLAIN, 8, 50);
    expect(positions).toBe(50);
    expect(cos).toHaveLength(50 * 4);
    for (const position of [0, 1, 7, 49]) {
      for (let i = 0; i < 4; i++) {
        const angle = position * 10_000 ** ((-2 * i) / 8);
        // angles are float32: those up to 49 are right to 49 * 2^-24 = 3e-6
        expect(cos[position * 4 + i]).toBeCloseTo(Math.cos(angle), 5);
        expect(sin[position * 4 + i]).toBeCloseTo(Math.sin(angle), 5);
        expect(negativeSin[position * 4 + i]).toBe(-sin[position * 4 + i]!);
      }
    }
  });

  it('rounds angles to float32, as transformers does, also far out', () => {
    const { cos } = ropeTables(PLAIN, 64, 8192);
    const frequency = Math.fround(1 / Math.fround(10_000 ** (2 / 64)));
    expect(cos[8191 * 32 + 1]).toBe(Math.fround(Math.cos(Math.fround(8191 * frequency))));
  });

  it('a longer table begins with the shorter one', () => {
    const short = ropeTables(PLAIN, 16, 10);
    const long = ropeTables(PLAIN, 16, 20);
    expect(long.sin.subarray(0, short.sin.length)).toEqual(short.sin);
  });
});

describe("Llama 3's scaling", () => {
  const scaling = { type: 'llama3' as const, factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContextLength: 64 };
  const headDim = 16;
  const scaled = ropeTables({ theta: 100, scaling }, headDim, 2);
  const plain = ropeTables({ theta: 100, scaling: null }, headDim, 2);
  // Position 1's angle is the frequency itself; below 1 it can be read back from the sine.
  const frequency = ({ sin }: typeof plain, i: number) => Math.asin(sin[headDim / 2 + i]!);
  const wavelength = (i: number) => (2 * Math.PI) / 100 ** ((-2 * i) / headDim);

  it('leaves short waves alone', () => {
    expect(wavelength(1)).toBeLessThan(64 / 4);
    expect(frequency(scaled, 1)).toBe(frequency(plain, 1));
  });

  it('slows long waves down by the factor', () => {
    expect(wavelength(5)).toBeGreaterThan(64 / 1);
    expect(frequency(scaled, 5)).toBeCloseTo(frequency(plain, 5) / 8, 7);
  });

  it('goes over from one to the other in between', () => {
    expect(wavelength(3)).toBeGreaterThan(16);
    expect(wavelength(3)).toBeLessThan(64);
    const smooth = (64 / wavelength(3) - 1) / (4 - 1);
    const expected = frequency(plain, 3) * ((1 - smooth) / 8 + smooth);
    expect(frequency(scaled, 3)).toBeCloseTo(expected, 7);
  });
});

describe('linear scaling and yarn', () => {
  const headDim = 16;
  const plain = ropeTables(PLAIN, headDim, 100);

  it('linear scaling turns position 4p by a quarter of the angle', () => {
    const linear = ropeTables({ theta: 10_000, scaling: { type: 'linear', factor: 4 } }, headDim, 100);
    const row = (tables: typeof plain, position: number) => tables.cos.subarray(position * 8, position * 8 + 8);
    // float32 angles up to 24 are right to 24 * 2^-24 = 1.5e-6
    row(linear, 96).forEach((cos, i) => expect(cos).toBeCloseTo(row(plain, 24)[i]!, 5));
  });

  it("yarn's attention factor multiplies cos, sin and the sines turned round", () => {
    const scaling = { type: 'yarn' as const, factor: 1, originalContextLength: 64, betaFast: 32, betaSlow: 1, truncate: true };
    const { cos, sin, negativeSin } = ropeTables(
      { theta: 10_000, scaling: { ...scaling, attentionFactor: 1.5 } },
      headDim,
      100,
    );
    // A factor of 1 divides nothing, so that only the attention factor is left.
    expect([...cos]).toEqual([...plain.cos].map((value) => value * 1.5).map(Math.fround));
    expect([...sin]).toEqual([...plain.sin].map((value) => value * 1.5).map(Math.fround));
    expect([...negativeSin]).toEqual([...sin].map((value) => -value));
  });
});
