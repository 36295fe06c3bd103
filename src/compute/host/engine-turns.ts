import { FairShares, type SideName, type TokenShare } from './fair-shares.js';

interface Side {
  readonly name: SideName;
  readonly waiting: (() => Promise<void>)[];
  /** Engine time used, in the unit of the clock. */
  used: number;
  /** Did it ask for a turn when the last one was given? Whoever did not has no claim to what it left. */
  present: boolean;
}

/** What a call has done, once it has been made: who is charged with the time that it took. */
type Bill = () => readonly TokenShare[];

/**
 * One engine, used by two sides: runs of training passes, and steps of generations. One call runs at a time. Of two sides
 * that wait, the one goes next whose requests have the owner with the lowest virtual time. Where that is one owner, the one
 * goes next that has used less engine time, so each gets half of it whatever its calls take, and waits for no more than
 * one call of the other. Within a side the oldest call goes first.
 *
 * A side that is idle saves nothing up: when it comes back, it counts as having used as much as the other. A side whose
 * caller only computes something between two calls is not idle: the turn is kept for it while the event loop turns once. A
 * caller that takes longer than that enters the next call before this one ends.
 *
 * Only calls that compute go through here; what copies or describes may be called at any time.
 */
export class EngineTurns {
  private readonly trainingSide = newSide('training');
  private readonly generationSide = newSide('generation');
  private busy = false;

  /** @param now time in milliseconds */
  constructor(
    readonly shares: FairShares = new FairShares(),
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Makes a call for a training pass when it is its turn. */
  training<T>(call: () => Promise<T>, bill: Bill = NOBODY): Promise<T> {
    return this.enter(this.trainingSide, call, bill);
  }

  /** Makes a call for generations when it is its turn. */
  generation<T>(call: () => Promise<T>, bill: Bill = NOBODY): Promise<T> {
    return this.enter(this.generationSide, call, bill);
  }

  private enter<T>(side: Side, call: () => Promise<T>, bill: Bill): Promise<T> {
    return new Promise((resolve, reject) => {
      side.waiting.push(async () => {
        const began = this.now();
        const settle = await outcomeOf(call, resolve, reject);
        const elapsed = this.now() - began;
        side.used += elapsed;
        this.shares.charge(side.name, bill(), elapsed);
        // The engine goes on before the caller does, who computes something on the same thread.
        this.giveTurn();
        settle();
      });
      if (!side.present) side.used = Math.max(side.used, this.otherThan(side).used);
      side.present = true;
      if (!this.busy) this.giveTurn();
    });
  }

  private giveTurn(): void {
    const side = this.next();
    if (!side) {
      this.busy = false;
      return;
    }
    this.busy = true;
    const other = this.otherThan(side);
    const isOwed = other.waiting.length === 0 && other.present && this.precedes(other, side);
    if (isOwed) setImmediate(() => this.start());
    else this.start();
  }

  private start(): void {
    const side = this.next()!;
    for (const each of [this.trainingSide, this.generationSide])
      each.present = each === side || each.waiting.length > 0;
    void side.waiting.shift()!();
  }

  private next(): Side | null {
    const waiting = [this.generationSide, this.trainingSide].filter((side) => side.waiting.length > 0);
    return waiting.reduce<Side | null>((best, side) => (best && !this.precedes(side, best) ? best : side), null);
  }

  private precedes(a: Side, b: Side): boolean {
    const [ofA, ofB] = [this.shares.lowest(a.name), this.shares.lowest(b.name)];
    return ofA === ofB || !Number.isFinite(ofA + ofB) ? a.used < b.used : ofA < ofB;
  }

  private otherThan(side: Side): Side {
    return side === this.trainingSide ? this.generationSide : this.trainingSide;
  }
}

const NOBODY: Bill = () => [];

function newSide(name: SideName): Side {
  return { name, waiting: [], used: 0, present: false };
}

/** Makes the call. @returns what hands its outcome to the caller */
async function outcomeOf<T>(
  call: () => Promise<T>,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): Promise<() => void> {
  try {
    const value = await call();
    return () => resolve(value);
  } catch (error) {
    return () => reject(error);
  }
}
