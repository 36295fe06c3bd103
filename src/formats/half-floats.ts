/**
 * Half-precision numbers to float32. Every bit pattern converts exactly, NaN payloads included, because both formats
 * are subsets of float32; the loops move 32-bit integers, so no number is ever rounded or made canonical on the way.
 */

/** Appends `source.length` float32 values of bfloat16 numbers to `target` from its start. */
export function bfloat16ToFloat32(source: Uint16Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, source.length);
  for (let i = 0; i < source.length; i++) bits[i] = source[i]! << 16;
}

/** The same for IEEE 754 half precision. */
export function float16ToFloat32(source: Uint16Array, target: Float32Array): void {
  const table = (float16Table ??= makeFloat16Table());
  const bits = new Uint32Array(target.buffer, target.byteOffset, source.length);
  for (let i = 0; i < source.length; i++) bits[i] = table[source[i]!]!;
}

/** Float32 bits of each of the 65,536 half-precision numbers (256 KiB, made on first use). */
let float16Table: Uint32Array | undefined;

function makeFloat16Table(): Uint32Array {
  const table = new Uint32Array(65_536);
  for (let half = 0; half < table.length; half++) {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    table[half] = sign | magnitudeBits(exponent, fraction);
  }
  return table;
}

function magnitudeBits(exponent: number, fraction: number): number {
  if (exponent === 0x1f) return 0x7f800000 | (fraction << 13);
  if (exponent !== 0) return ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return 0;
  // Subnormal halves are normal in float32: shift the leading one to the hidden bit's place.
  const shift = Math.clz32(fraction) - 21;
  return ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}
