import { closeSync, openSync, readSync } from 'node:fs';
import { type Tensor } from '@tensorflow/tfjs';
import { sameShape, type Shape } from '../graph/dim.js';
import { type WeightFile } from '../weight-file.js';
import { type Tensorflow } from './load-tensorflow.js';

/** One read asks for no more, since the operating system gives at most 2 GiB at a time. */
const READ_BYTES = 2 ** 30;

/**
 * Weights on the device, each there once however many programs read it. Counts its users: the last to let go of a
 * weight frees it.
 */
export class WeightTensors {
  private readonly held = new Map<string, { readonly tensor: Tensor; users: number }>();

  constructor(private readonly tf: Tensorflow) {}

  /** The weights by name, each used once more. @throws when the file lacks one or has it in another shape */
  acquire(file: WeightFile, shapes: ReadonlyMap<string, Shape>): Map<string, Tensor> {
    const acquired = new Map<string, Tensor>();
    try {
      for (const [name, shape] of shapes) {
        const key = keyOf(file, name);
        const entry = this.held.get(key) ?? { tensor: this.upload(file, name, shape), users: 0 };
        this.held.set(key, entry);
        entry.users++;
        acquired.set(name, entry.tensor);
      }
    } catch (error) {
      this.release(file, acquired.keys());
      throw error;
    }
    return acquired;
  }

  release(file: WeightFile, names: Iterable<string>): void {
    for (const name of names) {
      const key = keyOf(file, name);
      const entry = this.held.get(key);
      if (!entry || --entry.users > 0) continue;
      this.held.delete(key);
      entry.tensor.dispose();
    }
  }

  private upload(file: WeightFile, name: string, shape: Shape): Tensor {
    const found = file.tensors.get(name);
    if (!found) throw new Error(`The weight file ${file.path} has no tensor '${name}'.`);
    if (!sameShape(found.shape, shape)) {
      throw new Error(`Weight '${name}' has shape [${found.shape.join(', ')}], the model needs [${shape.join(', ')}].`);
    }
    const values = new Float32Array(found.shape.reduce((product, size) => product * size, 1));
    readFloats(file.path, found.byteOffset, values);
    return this.tf.tensor(values, [...found.shape], 'float32');
  }
}

function readFloats(path: string, byteOffset: number, into: Float32Array): void {
  const bytes = new Uint8Array(into.buffer);
  const descriptor = openSync(path, 'r');
  try {
    for (let done = 0; done < bytes.length;) {
      const length = Math.min(READ_BYTES, bytes.length - done);
      const count = readSync(descriptor, bytes, done, length, byteOffset + done);
      if (count === 0) throw new Error(`The weight file ${path} ends before byte ${byteOffset + bytes.length}.`);
      done += count;
    }
  } finally {
    closeSync(descriptor);
  }
}

const keyOf = (file: WeightFile, name: string) => `${file.path}\0${name}`;
