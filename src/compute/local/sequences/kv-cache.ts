import { type TransformerConfig } from '../../../domain/model/transformer-config.js';
import { type HostTensor, hostTensor } from '../../graph/program.js';
import { pastName, presentName } from '../../models/generation-graph.js';
import { MASKED } from '../position-tables.js';

/** Places are added in steps, so that the cache is laid out anew only now and then. */
const GROWTH = 128;

/** Keys and values of one token, in all layers. */
export function cacheBytesPerToken({ layerCount, kvHeadCount, headDim }: TransformerConfig): number {
  return 2 * layerCount * kvHeadCount * headDim * Float32Array.BYTES_PER_ELEMENT;
}

/**
 * Keys and values of the tokens so far, for sequences of equal length: per layer and kind [B, kvHeads, capacity, D].
 * Programs read it in place and give back only the new tokens' rows, which are copied in here.
 */
export class KvCache {
  private tensors = new Map<string, Float32Array>();
  private capacity = GROWTH;
  /** Tokens held per sequence. */
  length = 0;

  constructor(
    private readonly config: TransformerConfig,
    private sequences: number,
  ) {
    this.relayout(
      Array.from({ length: sequences }, (_, i) => i),
      GROWTH,
    );
  }

  feeds(): [string, HostTensor][] {
    const { kvHeadCount, headDim } = this.config;
    const shape = [this.sequences, kvHeadCount, this.capacity, headDim];
    const mask = new Float32Array(this.sequences * this.capacity).fill(MASKED);
    for (let b = 0; b < this.sequences; b++) mask.fill(0, b * this.capacity, b * this.capacity + this.length);
    return [
      ...[...this.tensors].map(([name, data]): [string, HostTensor] => [name, hostTensor(data, shape)]),
      ['pastMask', hostTensor(mask, [this.sequences, 1, 1, this.capacity])],
    ];
  }

  /** Takes over the keys and values of `count` new tokens of every sequence. */
  append(outputs: ReadonlyMap<string, HostTensor<Float32Array>>, count: number): void {
    if (this.length + count > this.capacity) {
      this.relayout(
        Array.from({ length: this.sequences }, (_, i) => i),
        this.length + count,
      );
    }
    const { kvHeadCount, headDim } = this.config;
    for (const [past, present] of this.names()) {
      const from = outputs.get(present)!.data;
      const to = this.tensors.get(past)!;
      for (let row = 0; row < this.sequences * kvHeadCount; row++) {
        const source = from.subarray(row * count * headDim, (row + 1) * count * headDim);
        to.set(source, (row * this.capacity + this.length) * headDim);
      }
    }
    this.length += count;
  }

  /** Keeps the given sequences, in this order; one may be taken several times (one prompt, many continuations). */
  select(sequences: readonly number[]): void {
    this.relayout(sequences, this.length);
  }

  /** A cache of its own with the first `length` tokens of the given sequences of this one. */
  copy(sequences: readonly number[], length = this.length): KvCache {
    const copy = new KvCache(this.config, 0);
    copy.tensors = this.tensors;
    copy.capacity = this.capacity;
    copy.length = length;
    copy.select(sequences);
    return copy;
  }

  private relayout(sequences: readonly number[], places: number): void {
    const { kvHeadCount, headDim } = this.config;
    const capacity = Math.max(this.capacity, Math.ceil(places / GROWTH) * GROWTH);
    const old = this.tensors;
    this.tensors = new Map();
    for (const [name] of this.names()) {
      const to = new Float32Array(sequences.length * kvHeadCount * capacity * headDim);
      const from = old.get(name);
      if (from) this.copyRows(from, to, sequences, capacity);
      this.tensors.set(name, to);
    }
    this.capacity = capacity;
    this.sequences = sequences.length;
  }

  private copyRows(from: Float32Array, to: Float32Array, sequences: readonly number[], capacity: number): void {
    const { kvHeadCount, headDim } = this.config;
    sequences.forEach((sequence, b) => {
      for (let head = 0; head < kvHeadCount; head++) {
        const start = (sequence * kvHeadCount + head) * this.capacity * headDim;
        const row = from.subarray(start, start + this.length * headDim);
        to.set(row, (b * kvHeadCount + head) * capacity * headDim);
      }
    });
  }

  private *names(): Iterable<[past: string, present: string]> {
    for (let layer = 0; layer < this.config.layerCount; layer++) {
      yield [pastName('keys', layer), presentName('keys', layer)];
      yield [pastName('values', layer), presentName('values', layer)];
    }
  }
}
