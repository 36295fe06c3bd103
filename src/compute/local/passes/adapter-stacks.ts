import { type AdapterTensors, type NamedTensor } from '../../../domain/adapter/adapter-state.js';
import { type HostTensor, hostTensor } from '../../graph/program.js';

interface Stack {
  readonly data: Float32Array;
  /** What each slot holds: the array that was copied. */
  readonly slots: (Float32Array | null)[];
}

/** The matrix that one adapter has in a stack. */
interface Slot {
  readonly rows: number;
  readonly columns: number;
}

/**
 * A and B of several adapters behind each other, each with zeros up to a common rank. The memory is kept from run to run,
 * and an adapter that comes again in its place with the same weights is not copied again.
 */
export class AdapterStacks {
  private readonly stacks = new Map<string, Stack>();

  /** Feeds [A, rank, in] and [A, out, rank], valid until the next call. */
  feeds(adapters: readonly AdapterTensors[], rank: number): [string, HostTensor][] {
    return [...adapters[0]!].map(([name, first]) => {
      const slot = slotOf(name, first, rank);
      const size = slot.rows * slot.columns;
      const stack = this.stack(`${name}.${rank}.${size}`, adapters.length, size);
      adapters.forEach((adapter, i) => {
        const { data, shape } = adapter.get(name)!;
        if (stack.slots[i] === data) return;
        writeSlot(stack.data.subarray(i * size, (i + 1) * size), slot, data, shape);
        stack.slots[i] = data;
      });
      const data = stack.data.subarray(0, adapters.length * size);
      return [name, hostTensor(data, [adapters.length, slot.rows, slot.columns])];
    });
  }

  private stack(key: string, count: number, size: number): Stack {
    const known = this.stacks.get(key);
    if (known && known.slots.length >= count) return known;
    const stack = { data: new Float32Array(count * size), slots: new Array<null>(count).fill(null) };
    this.stacks.set(key, stack);
    return stack;
  }
}

/** The tensor of one adapter out of a stack, as an array of its own; `like` is a tensor of that adapter. */
export function fromStack(stacked: HostTensor, place: number, like: NamedTensor): NamedTensor {
  const [, , columns] = stacked.shape as [number, number, number];
  const size = stacked.shape[1]! * columns;
  const slot = (stacked.data as Float32Array).subarray(place * size, (place + 1) * size);
  const [ownRows, ownColumns] = like.shape as [number, number];
  if (ownColumns === columns) return { shape: like.shape, data: slot.slice(0, ownRows * columns) };
  const data = new Float32Array(ownRows * ownColumns);
  for (let row = 0; row < ownRows; row++) {
    const from = row * columns;
    const to = row * ownColumns;
    for (let i = 0; i < ownColumns; i++) data[to + i] = slot[from + i]!;
  }
  return { shape: like.shape, data };
}

function slotOf(name: string, { shape }: NamedTensor, rank: number): Slot {
  const [rows, columns] = shape as [number, number];
  return name.endsWith('.lora_A.weight') ? { rows: rank, columns } : { rows, columns: rank };
}

function writeSlot(into: Float32Array, { columns }: Slot, data: Float32Array, shape: readonly number[]): void {
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
