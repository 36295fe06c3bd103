interface Waiting {
  readonly weight: number;
  readonly enter: () => void;
}

/**
 * Lets holders of at most `size` in all go on at once. What is given back goes to the owner who holds least, and of its
 * requests to the oldest. An owner who holds nothing may go beyond the size by `extra`, so that it need not wait until one
 * who has taken everything gives something back. One that is heavier than the size goes alone.
 */
export class FairSemaphore {
  private taken = 0;
  private readonly held = new Map<string, number>();
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
      line.push({ weight, enter });
      this.waiting.set(owner, line);
      this.admit();
    });
    return () => {
      this.add(owner, -weight);
      this.admit();
    };
  }

  private admit(): void {
    for (let owner = this.next(); owner !== null; owner = this.next()) {
      const line = this.waiting.get(owner)!;
      const { weight, enter } = line[0]!;
      if (!this.hasRoom(owner, weight)) return;
      line.shift();
      this.waiting.delete(owner);
      if (line.length > 0) this.waiting.set(owner, line);
      this.add(owner, weight);
      enter();
    }
  }

  /** The owner who holds least of those that wait. */
  private next(): string | null {
    let next: string | null = null;
    for (const owner of this.waiting.keys()) {
      if (next === null || this.heldBy(owner) < this.heldBy(next)) next = owner;
    }
    return next;
  }

  private hasRoom(owner: string, weight: number): boolean {
    const extra = this.heldBy(owner) === 0 ? this.extra : 0;
    return this.taken === 0 || this.taken + weight <= this.size + extra;
  }

  private heldBy(owner: string): number {
    return this.held.get(owner) ?? 0;
  }

  private add(owner: string, weight: number): void {
    this.taken += weight;
    const held = this.heldBy(owner) + weight;
    if (held > 0) this.held.set(owner, held);
    else this.held.delete(owner);
  }
}
