import { Holdings } from '../../../common/concurrency/holdings.js';

/** Memory that may be taken back at any time. */
export interface SpareMemory {
  /** Frees until it holds no more than this number of bytes. */
  shrinkTo(bytes: number): void;
}

/**
 * Memory for keys and values, in bytes: what open sequences have been granted, by owner. What they leave over may be used
 * for something else until they need it.
 */
export class SequenceMemory {
  private readonly held = new Holdings();

  constructor(
    private budget: number,
    private readonly spare: SpareMemory,
    /** The most that may be used for something else. */
    private readonly spareLimit: number,
  ) {}

  /** Grants no more than this from now on; what is granted stays. */
  resize(budget: number): void {
    this.budget = budget;
    this.trimSpare();
  }

  /** @returns false, with nothing granted, where it does not fit; `regardless` grants it all the same */
  grant(owner: string, bytes: number, regardless: boolean): boolean {
    if (!regardless && this.held.total + bytes > this.budget) return false;
    this.held.add(owner, bytes);
    this.trimSpare();
    return true;
  }

  /** The same for a request that begins: where there are owners, the last eighth is left for those who hold nothing. */
  grantFirst(owner: string, bytes: number, regardless: boolean): boolean {
    const kept = owner !== '' && this.heldBy(owner) > 0 ? this.budget / 8 : 0;
    return (regardless || this.held.total + bytes + kept <= this.budget) && this.grant(owner, bytes, regardless);
  }

  giveBack(owner: string, bytes: number): void {
    this.held.add(owner, -bytes);
  }

  trimSpare(): void {
    this.spare.shrinkTo(Math.min(this.spareLimit, Math.max(0, this.budget - this.held.total)));
  }

  heldBy(owner: string): number {
    return this.held.of(owner);
  }
}
