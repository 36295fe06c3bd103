import { createHash } from 'node:crypto';
import { type Seed } from '../../domain/seed.js';

/*
 * Random numbers that depend on a seed, a label and a position, and on nothing else: no clock, no hidden state. The same
 * three give the same number on every machine, whatever was drawn before, so a logged operation can be run again.
 *
 * Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC'11, doi:10.1145/2063384.2063405), a
 * keyed bijection of 128-bit counters: key = the seed (see keyOf), counter = (position, hash of the label).
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** Writes the four 32-bit words that belong to a counter of four words under a key of two. */
export function philox4x32(counter: Uint32Array, key: Uint32Array, out: Uint32Array): void {
  let c0 = counter[0]!;
  let c1 = counter[1]!;
  let c2 = counter[2]!;
  let c3 = counter[3]!;
  let k0 = key[0]!;
  let k1 = key[1]!;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** Upper 32 bits of the 64-bit product of two 32-bit words. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle0 = aHigh * bLow + ((aLow * bLow) >>> 16);
  const middle1 = aLow * bHigh + (middle0 & 0xffff);
  return aHigh * bHigh + (middle0 >>> 16) + (middle1 >>> 16);
}

/**
 * One of the independent streams of a seed. The label says what the numbers are for, e.g. `lora_init/<tensor name>` or
 * `dropout/<pass>/<tensor name>`; streams of different labels share nothing. Use a stream for single numbers or for
 * arrays, not for both: they are made from the same blocks.
 */
export class RandomStream {
  readonly #key: Uint32Array;
  readonly #counter = new Uint32Array(4);
  readonly #block = new Uint32Array(4);

  constructor(seed: Seed | bigint, label: string) {
    this.#key = wordsOf(keyOf(BigInt(seed)));
    this.#counter.set(wordsOf(hash(label)), 2);
  }

  /** The float64 in [0, 1) at a position (an integer from 0), with 53 random bits. */
  uniform(position: number): number {
    this.#makeBlock(position);
    return ((this.#block[0]! >>> 5) * 2 ** 26 + (this.#block[1]! >>> 6)) / 2 ** 53;
  }

  /** Fills `out` with float32 numbers in [0, 1), with 24 random bits, of positions start, start + 1, ... */
  fillUniform(out: Float32Array, start = 0): void {
    for (let i = 0; i < out.length; i++) {
      const word = (start + i) % 4;
      if (i === 0 || word === 0) this.#makeBlock(Math.floor((start + i) / 4));
      out[i] = (this.#block[word]! >>> 8) / 2 ** 24;
    }
  }

  #makeBlock(index: number): void {
    this.#counter[0] = index; // the lowest 32 bits: typed arrays store integers modulo 2^32
    this.#counter[1] = Math.floor(index / 2 ** 32);
    philox4x32(this.#counter, this.#key, this.#block);
  }
}

/**
 * 64 bits for any integer: itself from 0 to 2^64 - 1; others, which would fall on one of these, the first 64 bits of the
 * SHA-256 of their decimal digits.
 */
function keyOf(seed: bigint): bigint {
  if (seed === BigInt.asUintN(64, seed)) return seed;
  return createHash('sha256').update(String(seed)).digest().readBigUInt64LE();
}

/** The lowest 64 bits of an integer as two words, low one first. */
function wordsOf(value: bigint): Uint32Array {
  return Uint32Array.of(Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n)));
}

/** FNV-1a of Fowler, Noll and Vo, 64 bits, over the UTF-8 bytes. */
function hash(text: string): bigint {
  let value = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text, 'utf8')) value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n);
  return value;
}
