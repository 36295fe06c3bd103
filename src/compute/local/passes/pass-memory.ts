import { type HostTensor } from '../../graph/program.js';

/** Tensors begin at multiples of this many bytes, the width of a vector register. */
const ALIGNMENT = 64;

/**
 * Memory for what a forward leaves to its backward. It is kept from pass to pass, as large as the largest needed it:
 * asking the system anew for a gigabyte per step would cost a page fault for every 4 KiB of it.
 */
export class PassMemory {
  private buffer = new ArrayBuffer(0);

  /** Tensors of these shapes with arbitrary numbers, valid until the next call. */
  tensors(shapes: ReadonlyMap<string, readonly number[]>): Map<string, HostTensor<Float32Array>> {
    let size = 0;
    const places = [...shapes].map(([name, shape]) => {
      const length = shape.reduce((product, dim) => product * dim, 1);
      const place = { name, shape, length, offset: size };
      size += Math.ceil((length * Float32Array.BYTES_PER_ELEMENT) / ALIGNMENT) * ALIGNMENT;
      return place;
    });
    if (size > this.buffer.byteLength) this.buffer = new ArrayBuffer(size);
    return new Map(
      places.map(({ name, shape, length, offset }) => [
        name,
        { dtype: 'f32', shape, data: new Float32Array(this.buffer, offset, length) },
      ]),
    );
  }
}
