import { float32ToFloat16 } from './half-floats.js';

/**
 * Q8_0 of GGUF: 32 numbers share a scale in half precision, the largest magnitude / 127, and are 8-bit multiples of it.
 * The steps are those of ggml's reference (quantize_row_q8_0_ref in ggml-quants.c), each rounded to float32, halves away
 * from zero, so the bytes are the same.
 */
export const Q8_0_NUMBERS = 32;
export const Q8_0_BYTES = 34;

/** `numbers`: whole blocks. */
export function quantizeQ8(numbers: Float32Array): Uint8Array {
  const { fround } = Math;
  const blocks = numbers.length / Q8_0_NUMBERS;
  const bytes = new Uint8Array(blocks * Q8_0_BYTES);
  const scales = new Float32Array(blocks);
  for (let block = 0; block < blocks; block++) {
    const first = block * Q8_0_NUMBERS;
    let largest = 0;
    for (let i = first; i < first + Q8_0_NUMBERS; i++) largest = Math.max(largest, Math.abs(numbers[i]!));
    const scale = fround(largest / 127);
    const inverse = scale === 0 ? 0 : fround(1 / scale);
    scales[block] = scale;
    for (let i = 0; i < Q8_0_NUMBERS; i++) {
      const quotient = fround(numbers[first + i]! * inverse);
      const magnitude = Math.floor(Math.abs(quotient) + 0.5);
      bytes[block * Q8_0_BYTES + 2 + i] = quotient < 0 ? -magnitude : magnitude;
    }
  }
  const halves = new Uint16Array(blocks);
  float32ToFloat16(scales, halves);
  for (let block = 0; block < blocks; block++) {
    bytes[block * Q8_0_BYTES] = halves[block]! & 0xff;
    bytes[block * Q8_0_BYTES + 1] = halves[block]! >>> 8;
  }
  return bytes;
}
