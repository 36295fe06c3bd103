import { WeightsUnknownError } from '../weights-unknown.error.js';

/** Sampler weights that an engine holds, as far as their backend must know them. */
export interface LoadedEntry {
  readonly baseModel: string;
  readonly bytes: number;
}

/** Which sampler weights are loaded, within a number of bytes. Those that were not used for longest go first. */
export class LoadedWeights {
  /** Most recently used last. */
  private readonly entries = new Map<string, LoadedEntry>();

  constructor(private readonly maxBytes: number) {}

  get size(): number {
    return this.entries.size;
  }

  /** @throws WeightsUnknownError */
  use(id: string): LoadedEntry {
    const entry = this.entries.get(id);
    if (!entry) throw new WeightsUnknownError(id);
    this.entries.delete(id);
    this.entries.set(id, entry);
    return entry;
  }

  /** @returns ids of those that must go to make room. The new ones stay, whatever their size. */
  add(id: string, entry: LoadedEntry): string[] {
    this.entries.delete(id);
    this.entries.set(id, entry);
    let bytes = [...this.entries.values()].reduce((sum, each) => sum + each.bytes, 0);
    const dropped: string[] = [];
    for (const [oldest, each] of this.entries) {
      if (bytes <= this.maxBytes || oldest === id) break;
      bytes -= each.bytes;
      dropped.push(oldest);
    }
    for (const oldest of dropped) this.entries.delete(oldest);
    return dropped;
  }

  delete(id: string): void {
    this.entries.delete(id);
  }

  clear(): void {
    this.entries.clear();
  }
}
