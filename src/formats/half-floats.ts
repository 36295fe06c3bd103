/**
 * Half-precision numbers to float32 and back. To float32 every bit pattern converts exactly, NaN payloads included,
 * because both formats are subsets of float32; the loops move 32-bit integers, so no number is ever rounded or made
 * canonical on the way. Back, numbers are rounded to the nearest, ties to even, as hardware and PyTorch round.
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
  // Subnormal halves are normal in float32: shift the leading one to the position of the hidden bit.
  const shift = Math.clz32(fraction) - 21;
  return ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

/** Rounds float32 numbers to bfloat16; what is too large becomes infinite. */
export function float32ToBfloat16(source: Float32Array, target: Uint16Array): void {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!;
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    target[i] = isNaN ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
}

/** The same for IEEE 754 half precision. */
export function float32ToFloat16(source: Float32Array, target: Uint16Array): void {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!;
    target[i] = ((word >>> 16) & 0x8000) | halfMagnitude(word & 0x7fffffff);
  }
}

/** `word`: the bits of a float32 number without its sign. */
function halfMagnitude(word: number): number {
  if (word > 0x7f800000) return 0x7e00 | ((word >>> 13) & 0x3ff);
  // From 65,520 on, the nearest half would be 65,536.
  if (word >= 0x477ff000) return 0x7c00;
  if (word >= 0x38800000) return roundedShift(word - 0x38000000, 13);
  // Below 2^-25 the nearest half is 0; between, a subnormal half counts units of 2^-24.
  if (word < 0x33000000) return 0;
  return roundedShift((word & 0x7fffff) | 0x800000, 126 - (word >>> 23));
}

function roundedShift(value: number, shift: number): number {
  const half = 1 << (shift - 1);
  const rest = value & (2 * half - 1);
  const whole = value >>> shift;
  return rest > half || (rest === half && (whole & 1) === 1) ? whole + 1 : whole;
}
