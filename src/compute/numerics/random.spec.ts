import { describe, expect, it } from 'vitest';
import { philox4x32, RandomStream } from './random.js';

describe('philox4x32', () => {
  // Known answers of the authors' library (Random123, kat_vectors, "philox4x32 10").
  it.each([
    ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ])('counter %s under key %s', (counter, key, expected) => {
    const words = (text: string) => Uint32Array.from(text.split(' '), (word) => parseInt(word, 16));
    const out = new Uint32Array(4);
    philox4x32(words(counter), words(key), out);
    expect(out).toEqual(words(expected));
  });
});

describe('RandomStream', () => {
  const numbers = (stream: RandomStream, count: number, start = 0) => {
    const out = new Float32Array(count);
    stream.fillUniform(out, start);
    return out;
  };

  it('depends on seed, label and position only', () => {
    const stream = new RandomStream(7, 'a');
    const first = stream.uniform(3);
    stream.uniform(9);
    expect(stream.uniform(3)).toBe(first);
    expect(new RandomStream(7, 'a').uniform(3)).toBe(first);
    expect(new RandomStream(7n, 'a').uniform(3)).toBe(first);
    for (const other of [new RandomStream(8, 'a'), new RandomStream(7, 'b'), new RandomStream(7n + (1n << 40n), 'a')]) {
      expect(other.uniform(3)).not.toBe(first);
    }
    expect(stream.uniform(4)).not.toBe(first);
    expect(stream.uniform(3 + 2 ** 32)).not.toBe(first);
  });

  // Computed apart in Python from the published definitions of Philox and FNV-1a. Other numbers here would mean that old
  // seeds give other weights and samples.
  it('gives the same numbers as ever', () => {
    expect(new RandomStream(42, 'sample/0').uniform(5)).toBe(0.4898509879988978);
    expect([...numbers(new RandomStream(2n ** 64n - 1n, 'lora_init/x'), 3)]).toEqual([
      0.05819833278656006, 0.16047894954681396, 0.8400769233703613,
    ]);
  });

  it('gives every integer a stream of its own, in digits or not', () => {
    const seeds = [
      0,
      1,
      2 ** 31,
      2 ** 53,
      '9007199254740993',
      2 ** 60,
      '1152921504606846977',
      2 ** 62,
      '18446744073709551615',
    ];
    const wide = [
      '18446744073709551616',
      '18446744073709551621',
      -1,
      -5,
      '-18446744073709551611',
      '1' + '0'.repeat(99),
    ];
    const all = [...seeds, ...wide];
    expect(new Set(all.map((seed) => new RandomStream(seed, 'a').uniform(0))).size).toBe(all.length);
    for (const [number, digits] of [
      [7, '7'],
      [2 ** 60, '1152921504606846976'],
      [-1, '-1'],
    ] as const) {
      expect(new RandomStream(digits, 'a').uniform(0)).toBe(new RandomStream(number, 'a').uniform(0));
    }
  });

  it('fills an array from any start with the same numbers', () => {
    const whole = numbers(new RandomStream(1, 'x'), 64);
    for (const start of [0, 1, 2, 3, 4, 31]) {
      expect(numbers(new RandomStream(1, 'x'), 64 - start, start)).toEqual(whole.subarray(start));
    }
  });

  it('is uniform in [0, 1)', () => {
    const drawn = numbers(new RandomStream(5, 'uniform'), 100_000);
    const counts = new Array<number>(20).fill(0);
    let sum = 0;
    expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true);
    for (const value of drawn) {
      counts[Math.floor(value * 20)]! += 1;
      sum += value;
    }
    // Five standard deviations: the mean's is sqrt(1/12/1e5) = 0.0009, a bin's sqrt(1e5 * 0.05 * 0.95) = 69.
    expect(Math.abs(sum / drawn.length - 0.5)).toBeLessThan(0.0046);
    for (const count of counts) expect(Math.abs(count - 5000)).toBeLessThan(345);
  });

  it('has neighbouring positions and labels that are not correlated', () => {
    const [a, b] = [numbers(new RandomStream(1, 'pass/1'), 50_000), numbers(new RandomStream(1, 'pass/2'), 50_000)];
    const correlation = (x: Float32Array, y: Float32Array) =>
      y.reduce((sum, value, i) => sum + 12 * (x[i]! - 0.5) * (value - 0.5), 0) / y.length;
    // Five standard deviations of 1 / sqrt(50000).
    expect(Math.abs(correlation(a, b))).toBeLessThan(0.0224);
    expect(Math.abs(correlation(a, a.subarray(1)))).toBeLessThan(0.0224);
  });
});
