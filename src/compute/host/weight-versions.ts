import { type WeightsRef } from '../model-engine.js';

/**
 * Tells whether two sequences were opened with the same weights: those of an adapter change with every step, and an id may
 * come to name others.
 */
export class WeightVersions {
  private readonly keys = new Map<string, string>();
  private readonly changes = new Map<string, number>();
  private versions = 0;

  /** @param onChange told the key of weights that are no more */
  constructor(private readonly onChange: (key: string) => void) {}

  /** A key that only sequences with these very weights have; null while they are being changed. */
  keyOf(weights: WeightsRef): string | null {
    if (weights.kind === 'base') return `base ${weights.baseModel}`;
    const name = nameOf(weights);
    if (this.changes.has(name)) return null;
    const key = this.keys.get(name) ?? `${name} ${this.versions++}`;
    this.keys.set(name, key);
    return key;
  }

  /** Makes a call that may change what the name stands for, also where it fails. */
  async change<T>(weights: Exclude<WeightsRef, { kind: 'base' }>, call: () => Promise<T>): Promise<T> {
    const name = nameOf(weights);
    this.changes.set(name, (this.changes.get(name) ?? 0) + 1);
    const key = this.keys.get(name);
    this.keys.delete(name);
    if (key !== undefined) this.onChange(key);
    try {
      return await call();
    } finally {
      const others = this.changes.get(name)! - 1;
      if (others > 0) this.changes.set(name, others);
      else this.changes.delete(name);
    }
  }
}

function nameOf({ kind, id }: Exclude<WeightsRef, { kind: 'base' }>): string {
  return `${kind} ${id}`;
}
