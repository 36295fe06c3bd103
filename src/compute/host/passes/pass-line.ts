import { type FairShares, tokensByOwner } from '../fair-shares.js';
import { type PassRequest } from './pass-request.js';

/**
 * Requests that wait for a pass. The oldest request goes first of the owner with the lowest virtual time; of several such
 * owners, the one whose turn was longest ago.
 */
export class PassLine {
  private waiting: PassRequest[] = [];
  /** Owners of what waits, in the order of their turns. */
  private readonly owners = new Set<string>();

  constructor(private readonly shares: FairShares) {}

  add(request: PassRequest): void {
    this.waiting.push(request);
    this.owners.add(request.options.owner);
  }

  /**
   * Takes the requests of the next pass: the first one, whatever its size, and others that fit it, up to `maxTokens`. A
   * slot goes to the oldest request of the owner that has the lowest virtual time once it is charged with what it has
   * in the pass. Owners that are well ahead of the others do not join.
   */
  take(maxTokens: number, fits: (request: PassRequest, others: readonly PassRequest[]) => boolean): PassRequest[] {
    this.waiting = this.waiting.filter((request) => request.isOpen);
    const first = this.takeFirst();
    if (!first) return [];
    const taken = [first];
    let total = first.tokens;
    for (;;) {
      const next = this.nextOf(
        this.waiting.filter((each) => total + each.tokens <= maxTokens && fits(each, taken)),
        taken,
      );
      if (!next) return taken;
      this.remove(next);
      taken.push(next);
      total += next.tokens;
    }
  }

  /** The owner whose turn it is goes behind the others. */
  private takeFirst(): PassRequest | null {
    const waiting = new Set(this.waiting.map(({ options }) => options.owner));
    for (const owner of this.owners) if (!waiting.has(owner)) this.owners.delete(owner);
    const owner = leastOf([...this.owners], (each) => [this.shares.virtualMs(each)]);
    if (owner === null) return null;
    this.owners.delete(owner);
    this.owners.add(owner);
    const first = this.waiting.find(({ options }) => options.owner === owner)!;
    this.remove(first);
    return first;
  }

  private nextOf(open: readonly PassRequest[], taken: readonly PassRequest[]): PassRequest | null {
    const tokens = tokensByOwner(taken.map((request) => ({ owner: request.options.owner, tokens: request.tokens })));
    const owedMs = new Map([...tokens].map(([owner, count]) => [owner, count * this.shares.msPerTrainingToken]));
    const isAhead = this.shares.ahead('training', owedMs);
    return leastOf(
      open.filter(({ options }) => !isAhead(options.owner)),
      // Nobody knows what a token costs before the first pass.
      ({ options: { owner } }) => [this.shares.virtualMs(owner, owedMs.get(owner)), tokens.get(owner) ?? 0],
    );
  }

  private remove(request: PassRequest): void {
    this.waiting.splice(this.waiting.indexOf(request), 1);
  }
}

/** The first of those for which the numbers are least, compared one after the other. */
function leastOf<T>(all: readonly T[], numbersOf: (each: T) => readonly number[]): T | null {
  let best: { readonly each: T; readonly numbers: readonly number[] } | null = null;
  for (const each of all) {
    const numbers = numbersOf(each);
    const differs = best === null ? 0 : numbers.findIndex((number, i) => number !== best!.numbers[i]);
    if (best === null || (differs !== -1 && numbers[differs]! < best.numbers[differs]!)) best = { each, numbers };
  }
  return best?.each ?? null;
}
