import { type FairShares, type Leave } from '../fair-shares.js';
import { type Generation } from './generation.js';

/** Tells of generations that can go on, so that owners are compared by those alone. */
export class Attendance {
  private readonly present = new Map<Generation, Leave>();

  constructor(private readonly shares: FairShares) {}

  /** It can begin, or go on. */
  enter(generation: Generation): void {
    if (!this.present.has(generation)) this.present.set(generation, this.shares.enter('generation', generation));
  }

  /** It has ended, or waits for something else than its turn. */
  leave(generation: Generation): void {
    this.present.get(generation)?.();
    this.present.delete(generation);
  }
}
