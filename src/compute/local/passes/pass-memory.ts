import { type HostTensor } from '../../graph/program.js';
import { ReusedBuffer } from './reused-buffer.js';

/** Tensors begin at multiples of this many bytes, the width of a vector register. */
const ALIGNMENT = 64;

/** Memory for what a run gives, such as what a forward leaves to its backward; it is kept from run to run. */
export class PassMemory {
  private readonly memory = new ReusedBuffer();

  /** Tensors of these shapes with arbitrary numbers, valid until the next call. */
  tensors(shapes: ReadonlyMap<string, readonly number[]>): Map<string, HostTensor<Float32Array>> {
    let size = 0;
    const layout = [...shapes].map(([name, shape]) => {
      const length = shape.reduce((product, dim) => product * dim, 1);
      const tensor = { name, shape, length, offset: size };
      size += Math.ceil((length * Float32Array.BYTES_PER_ELEMENT) / ALIGNMENT) * ALIGNMENT;
      return tensor;
    });
    const buffer = this.memory.take(size);
    return new Map(
      layout.map(({ name, shape, length, offset }) => [
        name,
        { dtype: 'f32', shape, data: new Float32Array(buffer, offset, length) },
      ]),
    );
  }
}
