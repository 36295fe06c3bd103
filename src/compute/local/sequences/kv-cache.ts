import { type TransformerConfig } from '../../../domain/model/transformer-config.js';
import { type HostTensor, hostTensor } from '../../graph/program.js';
import { pastName, presentName } from '../../models/generation-graph.js';

/** Keys and values of one token, in all layers. */
export function cacheBytesPerToken({ layerCount, kvHeadCount, headDim }: TransformerConfig): number {
  return 2 * layerCount * kvHeadCount * headDim * Float32Array.BYTES_PER_ELEMENT;
}

/** Smallest step between capacities. */
const STEP = 128;

/**
 * Bytes that tensors are given in one piece, if they have as many. What is larger than 32 MiB the C library asks the system
 * for: that takes memory only where something is written, and goes back when it is freed.
 */
const SLAB_BYTES = 33 * 2 ** 20;

/** `count` tensors of `size` zeros. */
function zeroTensors(count: number, size: number): Float32Array[] {
  const slab = new Float32Array(count * size);
  return Array.from({ length: count }, (_, i) => slab.subarray(i * size, (i + 1) * size));
}

/** The capacity of a row that is to hold this number of tokens: steps of 128, from 2,048 on of an eighth of what is held. */
export function capacityFor(tokens: number): number {
  const step = Math.max(STEP, 2 ** Math.floor(Math.log2(tokens)) / 8);
  return Math.ceil(tokens / step) * step;
}

/**
 * Keys and values of the tokens of some sequences, one in each row: per layer and kind [rows, kvHeads, capacity, D], a token
 * at the index of its position. Programs read it where it lies and write new tokens into it.
 *
 * Positions that hold no token are zeros: attention weighs them with 0, and 0 times what a sequence left behind could be
 * NaN.
 */
export class KvCache {
  private readonly tensors: Float32Array[];
  private rowCount: number;
  private rowCapacity: number;

  constructor(
    private readonly config: TransformerConfig,
    rows: number,
    capacity: number,
  ) {
    this.rowCount = rows;
    this.rowCapacity = capacity;
    this.tensors = this.slabs().flatMap((count) => zeroTensors(count, rows * this.rowSize));
  }

  get rows(): number {
    return this.rowCount;
  }

  get capacity(): number {
    return this.rowCapacity;
  }

  /** Copies the first `length` tokens of a row of any cache of the model into a row, which holds none. */
  copyRow(row: number, from: KvCache, fromRow: number, length: number): void {
    for (const [i, to] of this.tensors.entries()) {
      for (const [head, start] of from.heads(fromRow).entries()) {
        to.set(from.tensors[i]!.subarray(start, start + length * this.config.headDim), this.heads(row)[head]);
      }
    }
  }

  /** Empties a row of which the first `length` positions are in use. */
  clearRow(row: number, length: number): void {
    for (const tensor of this.tensors) {
      for (const start of this.heads(row)) tensor.fill(0, start, start + length * this.config.headDim);
    }
  }

  /** Lays itself out anew, slab by slab so that little is there twice; `lengths` are those of the rows it keeps. */
  resize(rows: number, capacity: number, lengths: readonly number[]): void {
    const { headDim } = this.config;
    const before = lengths.map((_, row) => this.heads(row));
    this.rowCount = rows;
    this.rowCapacity = capacity;
    const after = lengths.map((_, row) => this.heads(row));
    let first = 0;
    for (const count of this.slabs()) {
      for (const [i, to] of zeroTensors(count, rows * this.rowSize).entries()) {
        const from = this.tensors[first + i]!;
        lengths.forEach((length, row) => {
          before[row]!.forEach((start, head) => {
            to.set(from.subarray(start, start + length * headDim), after[row]![head]);
          });
        });
        this.tensors[first + i] = to;
      }
      first += count;
    }
  }

  /** Rows as a program's inputs and, in the same memory, as its results. */
  feeds(first: number, count: number): { past: [string, HostTensor][]; present: [string, HostTensor<Float32Array>][] } {
    const shape = [count, this.config.kvHeadCount, this.capacity, this.config.headDim];
    const past: [string, HostTensor][] = [];
    const present: [string, HostTensor<Float32Array>][] = [];
    for (const [i, data] of this.tensors.entries()) {
      const kind = i % 2 === 0 ? 'keys' : 'values';
      const layer = Math.floor(i / 2);
      const tensor = hostTensor(data.subarray(first * this.rowSize, (first + count) * this.rowSize), shape);
      past.push([pastName(kind, layer), tensor]);
      present.push([presentName(kind, layer), tensor]);
    }
    return { past, present };
  }

  /** How many tensors lie in each slab. */
  private slabs(): number[] {
    const tensors = 2 * this.config.layerCount;
    const bytes = this.rowCount * this.rowSize * Float32Array.BYTES_PER_ELEMENT;
    const most = Math.min(tensors, Math.ceil(SLAB_BYTES / Math.max(bytes, 1)));
    const slabs = Math.floor(tensors / most);
    return Array.from({ length: slabs }, (_, i) => Math.floor((tensors + i) / slabs));
  }

  private get rowSize(): number {
    const { kvHeadCount, headDim } = this.config;
    return kvHeadCount * this.capacity * headDim;
  }

  /** Where the heads of a row begin in every tensor. */
  private heads(row: number): number[] {
    const { kvHeadCount, headDim } = this.config;
    return Array.from({ length: kvHeadCount }, (_, head) => (row * kvHeadCount + head) * this.capacity * headDim);
  }
}
