import { endianness } from 'node:os';
import xxhash, { type XXHashAPI } from 'xxhash-wasm';
import { type AdapterState, type AdapterTensors } from '../../domain/adapter/adapter-state.js';

/*
 * A short proof that two adapter states are the same, bit for bit: weights, both moments, the number of steps, and
 * gradients not yet applied where there are any. Tensors in the order of their names, numbers as they lie in memory
 * (little endian), so it does not depend on how the state was made.
 *
 * XXH64, because it runs after every optimiser step: 59 MB (rank 16 on every linear of a 135M model, with moments) take
 * 22 ms where SHA-256 takes 118 ms and BLAKE3 326 ms. It finds faults, not forgeries: nobody who could plant a state
 * needs to forge its digest.
 */

let loading: Promise<XXHashAPI> | undefined;

/** For example `xxh64:8f3c0e1d2b7a6954`; the name of the hash stands before it, so that another can follow it. */
export async function stateDigest(state: AdapterState): Promise<string> {
  const hash = (await (loading ??= xxhash())).create64();
  const add = (group: string, tensors: AdapterTensors): void => {
    const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [name, { shape, data }] of sorted) {
      hash.update(`${group} ${name} ${shape.join('x')}\n`).update(littleEndian(data));
    }
  };
  hash.update(`step ${state.step}\n`);
  add('weight', state.weights);
  add('m', state.moments.m);
  add('v', state.moments.v);
  if (state.gradients !== null) add('gradient', state.gradients);
  return `xxh64:${hash.digest().toString(16).padStart(16, '0')}`;
}

function littleEndian(data: Float32Array): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32();
}
