import { type PassRequest } from './pass-request.js';

/**
 * Requests that wait for a pass. Owners take turns in going first, each with its oldest request; newcomers stand behind
 * those that wait. So every request goes first at some time, whoever sends more.
 */
export class PassLine {
  private waiting: PassRequest[] = [];
  /** Owners of what waits, in the order of their turns. */
  private readonly owners = new Set<string>();

  add(request: PassRequest): void {
    this.waiting.push(request);
    this.owners.add(request.options.owner);
  }

  /**
   * Takes the requests of the next pass: the first one, whatever its size, and others that fit it, up to `maxTokens`. A
   * place goes to the oldest request of the owner that has the fewest tokens in the pass.
   */
  take(maxTokens: number, fits: (request: PassRequest, others: readonly PassRequest[]) => boolean): PassRequest[] {
    this.waiting = this.waiting.filter((request) => request.isOpen);
    const first = this.takeFirst();
    if (!first) return [];
    const taken = [first];
    const tokens = new Map([[first.options.owner, first.tokens]]);
    let total = first.tokens;
    for (;;) {
      const open = this.waiting.filter((each) => total + each.tokens <= maxTokens && fits(each, taken));
      const next = leastServed(open, tokens);
      if (!next) return taken;
      this.remove(next);
      taken.push(next);
      total += next.tokens;
      tokens.set(next.options.owner, (tokens.get(next.options.owner) ?? 0) + next.tokens);
    }
  }

  /** The oldest request of the owner whose turn it is; the owner then goes behind the others. */
  private takeFirst(): PassRequest | null {
    for (const owner of this.owners) {
      this.owners.delete(owner);
      const first = this.waiting.find((request) => request.options.owner === owner);
      if (!first) continue;
      this.remove(first);
      this.owners.add(owner);
      return first;
    }
    return null;
  }

  private remove(request: PassRequest): void {
    this.waiting.splice(this.waiting.indexOf(request), 1);
  }
}

/** The oldest request of the owner with the fewest tokens. */
function leastServed(requests: readonly PassRequest[], tokens: ReadonlyMap<string, number>): PassRequest | null {
  const served = ({ options }: PassRequest) => tokens.get(options.owner) ?? 0;
  return requests.reduce<PassRequest | null>(
    (best, each) => (best && served(best) <= served(each) ? best : each),
    null,
  );
}
