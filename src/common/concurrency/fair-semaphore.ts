import { Holdings } from './holdings.js';

interface Waiting {
  readonly owner: string;
  readonly weight: number;
  readonly enter: () => void;
}

/**
 * Lets holders of at most `size` in all go on at once. What is given back goes to the owner who holds least, and of its
 * requests to the oldest. An owner who holds nothing may go beyond the size by `extra`, so that it need not wait until one
 * who has taken everything gives something back. One that is heavier than the size goes alone.
 */
export class FairSemaphore {
  private readonly held = new Holdings();
  /** By owner, in the order of their turns. */
  private readonly waiting = new Map<string, Waiting[]>();

  constructor(
    private readonly size: number,
    private readonly extra = Math.floor(size / 8),
  ) {}

  /** Would one of this owner that comes now have to wait? */
  isFullFor(owner: string): boolean {
    return !this.hasRoom(owner, 1);
  }

  /** Resolves with the function that gives the weight back; call it once. */
  async acquire(owner: string, weight = 1): Promise<() => void> {
    await new Promise<void>((enter) => {
      const line = this.waiting.get(owner) ?? [];
      line.push({ owner, weight, enter });
      this.waiting.set(owner, line);
      this.admit();
    });
    return () => {
      this.held.add(owner, -weight);
      this.admit();
    };
  }

  private admit(): void {
    for (let next = this.next(); next && this.hasRoom(next.owner, next.weight); next = this.next()) {
      const { owner, weight, enter } = next;
      const [, ...others] = this.waiting.get(owner) ?? [];
      this.waiting.delete(owner);
      if (others.length > 0) this.waiting.set(owner, others);
      this.held.add(owner, weight);
      enter();
    }
  }

  /** The oldest of the owner who holds least. */
  private next(): Waiting | undefined {
    let next: Waiting | undefined;
    for (const [first] of this.waiting.values()) {
      if (first && (!next || this.held.of(first.owner) < this.held.of(next.owner))) next = first;
    }
    return next;
  }

  private hasRoom(owner: string, weight: number): boolean {
    const extra = this.held.of(owner) === 0 ? this.extra : 0;
    const { total } = this.held;
    return total === 0 || total + weight <= this.size + extra;
  }
}
