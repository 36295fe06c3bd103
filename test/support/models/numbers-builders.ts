import { RandomStream } from '../../../src/compute/numerics/random.js';
import { type Numbers } from '../engines/graph-interpreter.js';

/** Float32 numbers in (-1, 1) from a label: the same on every run and machine. */
export function randomNumbers(label: string, shape: readonly number[]): Numbers {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  new RandomStream(1, label).fillUniform(values);
  return { shape, data: Array.from(values, (value) => 2 * value - 1) };
}

export function numbers(shape: readonly number[], ...data: number[]): Numbers {
  return { shape, data };
}
