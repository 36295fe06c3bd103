import { Holdings } from '../../common/concurrency/holdings.js';

/** What uses the engine: training passes, and generations. */
export type SideName = 'training' | 'generation';

/** Whose a request is. */
export interface WeightedOwner {
  /** An API key's id; '' for nobody's. */
  readonly owner: string;
  /** The owner's weight: with twice another's, it gets twice the engine time. */
  readonly weight: number;
}

/** Tokens that somebody has in a call of the engine. */
export interface TokenShare {
  readonly owner: string;
  readonly tokens: number;
}

/** Called once, when a request no longer waits and no longer runs. */
export type Leave = () => void;

interface Account {
  weight: number;
  /** Engine time used, in milliseconds, divided by the weight, and raised where the owner had no work for a while. */
  virtualMs: number;
  /** When its last request left. */
  leftAt: number;
  usedMs: number;
}

/** An owner whose requests follow each other within this time counts as one that has work all the time. */
const GAP_MS = 1000;
/** So far may an owner be ahead of the others, in virtual milliseconds, and still share their passes and decode steps. */
const LEAD_MS = 250;
/**
 * What a call costs whatever is in it, as tokens; it is charged to all owners alike. On two cores a decode step of 1, 16 and
 * 64 tokens of a model with 135M parameters takes 19, 36 and 144 ms, and a pass of 46 and 736 tokens 101 and 1,350 ms.
 */
const CALL_TOKENS = 8;
/** Weight of the newest call in the mean of what a token costs. */
const NEWEST = 0.2;

/**
 * Engine time, divided between owners in proportion to their weights. Each owner has a virtual time: what it has used,
 * divided by its weight. Whoever has the lowest one goes first, and one that is well ahead of the others lets them go
 * alone. A call is charged after it was made, with the time that it took. An owner that comes, or that comes back after a
 * while, starts at the virtual time of those who are there, so that nothing is saved up by not using the engine.
 *
 * That is start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996) with costs that are known only afterwards, as in the
 * virtual token counter (Sheng et al., "Fairness in Serving Large Language Models", OSDI 2024), in milliseconds instead
 * of tokens.
 */
export class FairShares {
  private readonly accounts = new Map<string, Account>();
  /** Requests that wait or run, by owner. */
  private readonly open = { training: new Holdings(), generation: new Holdings() };
  /** Highest of the lowest virtual times that there have been. */
  private virtualNow = 0;
  private msPerTraining = 0;

  /** @param now time in milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Engine time used by each owner so far, in milliseconds. */
  get usedMs(): ReadonlyMap<string, number> {
    return new Map([...this.accounts].map(([owner, { usedMs }]) => [owner, usedMs]));
  }

  /** Mean time that a token takes in training passes, in milliseconds; 0 before the first. */
  get msPerTrainingToken(): number {
    return this.msPerTraining;
  }

  /** A request waits from now on. */
  enter(side: SideName, { owner, weight }: WeightedOwner): Leave {
    const account = this.accountOf(owner);
    account.weight = weight;
    const isOpen = this.open.training.of(owner) > 0 || this.open.generation.of(owner) > 0;
    if (!isOpen && this.now() - account.leftAt > GAP_MS) {
      account.virtualMs = Math.max(account.virtualMs, this.virtualNow);
    }
    const open = this.open[side];
    open.add(owner, 1);
    return () => {
      open.add(owner, -1);
      account.leftAt = this.now();
    };
  }

  /** Charges the owners of a call with the time that it took, by their tokens. */
  charge(side: SideName, parts: readonly TokenShare[], ms: number): void {
    const tokens = tokensByOwner(parts);
    const total = [...tokens.values()].reduce((sum, count) => sum + count, 0);
    for (const [owner, count] of tokens) {
      const share = (ms * (count + CALL_TOKENS)) / (total + CALL_TOKENS * tokens.size);
      const account = this.accountOf(owner);
      account.usedMs += share;
      account.virtualMs += share / account.weight;
    }
    if (side === 'training' && total > 0) this.noteCost(ms / total);
    const lowest = Math.min(this.lowest('training'), this.lowest('generation'));
    if (lowest < Infinity) this.virtualNow = Math.max(this.virtualNow, lowest);
  }

  /** What the owner has used by its virtual time once it has been charged with this time as well. */
  virtualMs(owner: string, owedMs = 0): number {
    const { virtualMs, weight } = this.accountOf(owner);
    return virtualMs + owedMs / weight;
  }

  /** The lowest virtual time of owners with requests on this side; Infinity where there are none. */
  lowest(side: SideName, owedMs: ReadonlyMap<string, number> = NOTHING): number {
    let lowest = Infinity;
    for (const owner of this.open[side].holders) {
      lowest = Math.min(lowest, this.virtualMs(owner, owedMs.get(owner)));
    }
    return lowest;
  }

  /**
   * Tells which owners are so far ahead on this side that the others go without them.
   * @param owedMs time, by owner, that will be charged
   */
  ahead(side: SideName, owedMs: ReadonlyMap<string, number> = NOTHING): (owner: string) => boolean {
    const limit = this.lowest(side, owedMs) + LEAD_MS;
    return (owner) => this.virtualMs(owner, owedMs.get(owner)) > limit;
  }

  private noteCost(ms: number): void {
    this.msPerTraining = this.msPerTraining === 0 ? ms : this.msPerTraining + NEWEST * (ms - this.msPerTraining);
  }

  private accountOf(owner: string): Account {
    const known = this.accounts.get(owner);
    if (known) return known;
    const added = { weight: 1, virtualMs: 0, leftAt: -Infinity, usedMs: 0 };
    this.accounts.set(owner, added);
    return added;
  }
}

const NOTHING: ReadonlyMap<string, number> = new Map();

/** How many tokens each owner has in these parts. */
export function tokensByOwner(parts: readonly TokenShare[]): Map<string, number> {
  const tokens = new Map<string, number>();
  for (const { owner, tokens: count } of parts) tokens.set(owner, (tokens.get(owner) ?? 0) + count);
  return tokens;
}
