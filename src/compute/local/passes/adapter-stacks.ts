import { type AdapterTensors, type NamedTensor } from '../../../domain/adapter/adapter-state.js';
import { type HostTensor, hostTensor, type Program } from '../../graph/program.js';
import { A_SUFFIX, B_SUFFIX } from '../../models/lora-linears.js';
import { ReusedBuffer } from './reused-buffer.js';

/** Rows and columns of the matrices in a stack, by name. */
export type SlotShapes = ReadonlyMap<string, readonly [rows: number, columns: number]>;

interface Stack {
  readonly data: Float32Array;
  /** What each slot holds: the array that was copied; null for zeros, undefined for arbitrary numbers. */
  readonly slots: (Float32Array | null | undefined)[];
}

/**
 * A and B of several adapters behind each other, each with zeros up to a common rank, and zeros where an adapter has none.
 * The memory is kept from run to run, and an adapter that comes again in its slot with the same weights is not copied
 * again.
 */
export class AdapterStacks {
  private readonly memory = new ReusedBuffer();
  /** Those of the last call. */
  private stacks = new Map<string, Stack>();

  /**
   * Feeds [A, rank, in] and [A, out, rank], valid until the next call.
   *
   * @param adapters null for the bare base model
   */
  feeds(adapters: readonly (AdapterTensors | null)[], shapes: SlotShapes): [string, HostTensor][] {
    this.stacks = this.layOut(adapters.length, shapes);
    return [...this.stacks].map(([name, { data, slots }]) => {
      const [rows, columns] = shapes.get(name)!;
      const size = rows * columns;
      adapters.forEach((adapter, i) => {
        const tensor = adapter?.get(name);
        if (slots[i] === (tensor?.data ?? null)) return;
        const slot = data.subarray(i * size, (i + 1) * size);
        if (tensor) writeSlot(slot, columns, tensor);
        else slot.fill(0);
        slots[i] = tensor?.data ?? null;
      });
      return [name, hostTensor(data, [adapters.length, rows, columns])];
    });
  }

  /** A stack that lies where it has lain before still holds what it has held. */
  private layOut(count: number, shapes: SlotShapes): Map<string, Stack> {
    let length = 0;
    for (const [rows, columns] of shapes.values()) length += count * rows * columns;
    const buffer = this.memory.take(length * Float32Array.BYTES_PER_ELEMENT);
    let start = 0;
    const stacks = new Map<string, Stack>();
    for (const [name, [rows, columns]] of shapes) {
      const data = new Float32Array(buffer, start, count * rows * columns);
      const before = this.stacks.get(name);
      const isKept = before && before.slots.length === count && sameMemory(before.data, data);
      stacks.set(name, isKept ? before : { data, slots: new Array<undefined>(count).fill(undefined) });
      start += data.byteLength;
    }
    return stacks;
  }
}

/** The shapes of the stacks that a program for several adapters is fed. */
export function stacksOf({ inputs }: Program, rank: number): SlotShapes {
  const stacks = [...inputs].filter(([name]) => name.endsWith(A_SUFFIX) || name.endsWith(B_SUFFIX));
  return new Map(
    stacks.map(([name, { shape }]) => {
      const [rows, columns] = shape.slice(1).map((size) => (typeof size === 'number' ? size : rank));
      return [name, [rows!, columns!]];
    }),
  );
}

/** The shapes of stacks for adapters with the same modules as this one. */
export function stackedShapes(adapter: AdapterTensors, rank: number): SlotShapes {
  return new Map(
    [...adapter].map(([name, { shape }]) => {
      const [rows, columns] = shape as [number, number];
      return [name, name.endsWith(A_SUFFIX) ? [rank, columns] : [rows, rank]];
    }),
  );
}

/** The tensor of one adapter out of a stack, as an array of its own; `like` is a tensor of that adapter. */
export function fromStack(stacked: HostTensor, slot: number, like: NamedTensor): NamedTensor {
  const [, , columns] = stacked.shape as [number, number, number];
  const size = stacked.shape[1]! * columns;
  const padded = (stacked.data as Float32Array).subarray(slot * size, (slot + 1) * size);
  const [ownRows, ownColumns] = like.shape as [number, number];
  if (ownColumns === columns) return { shape: like.shape, data: padded.slice(0, ownRows * columns) };
  const data = new Float32Array(ownRows * ownColumns);
  for (let row = 0; row < ownRows; row++) {
    const from = row * columns;
    const to = row * ownColumns;
    for (let i = 0; i < ownColumns; i++) data[to + i] = padded[from + i]!;
  }
  return { shape: like.shape, data };
}

function sameMemory(one: Float32Array, other: Float32Array): boolean {
  return one.buffer === other.buffer && one.byteOffset === other.byteOffset && one.length === other.length;
}

function writeSlot(into: Float32Array, columns: number, { data, shape }: NamedTensor): void {
  const [ownRows, ownColumns] = shape as [number, number];
  if (ownColumns === columns) {
    into.set(data);
    into.fill(0, data.length);
    return;
  }
  into.fill(0);
  for (let row = 0; row < ownRows; row++) {
    const from = row * ownColumns;
    const to = row * columns;
    for (let i = 0; i < ownColumns; i++) into[to + i] = data[from + i]!;
  }
}
