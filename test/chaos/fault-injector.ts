import { pause } from '../support/pause.js';
import { waitFor } from '../support/wait-for.js';
import { type FaultKind, type Target } from './faults.js';
import { type SeededRandom } from './seeded-random.js';
import { type Trainer } from './trainer.js';

/** No fault may keep a client from its next answer for longer, times the backend's patience. */
const RECOVERY_MS = 90_000;
/** How often the next fault strikes before the last one is overcome. */
const OVERLAP = 0.3;

/** Strikes the service with every kind of fault, in an order that follows from the seed. */
export class FaultInjector {
  /** By name of the kind. */
  readonly struck = new Map<string, number>();
  readonly missed = new Map<string, number>();

  constructor(
    private readonly target: Target,
    /** Faults come from each of these lists in turn. */
    private readonly kinds: readonly (readonly FaultKind[])[],
    /** Decides which fault comes when, and nothing else: the order follows from the seed alone. */
    private readonly order: SeededRandom,
    private readonly trainers: readonly Trainer[],
    private readonly nextAcceptance: () => Promise<void>,
    private readonly log: (line: string) => void,
  ) {}

  /** `once`: a fault that comes once, whatever the count. Rejects when a client gets no further after a fault. */
  async strike(count: number, once: FaultKind | null): Promise<void> {
    let overlapped = false;
    for (const [index, kind] of this.draw(count, once).entries()) {
      const i = index + 1;
      // In the middle of work: a little after a request was accepted, unless nothing is accepted at the moment.
      await Promise.race([this.nextAcceptance(), pause(3000)]);
      await pause(this.order.whole(0, 60));
      const began = performance.now();
      const hit = await kind.strike(this.target);
      const counts = hit ? this.struck : this.missed;
      counts.set(kind.name, (counts.get(kind.name) ?? 0) + 1);
      const drawn = this.order.chance(OVERLAP);
      const overlap: boolean = drawn && kind.mayOverlap && !overlapped && i < count;
      overlapped = overlap;
      if (!overlap) await this.recovery(kind);
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      this.log(`${i}/${count} ${kind.name}${hit ? '' : ' (missed)'}: ${seconds} s`);
    }
  }

  private draw(count: number, once: FaultKind | null): FaultKind[] {
    const lists = this.kinds.map((list) => this.repeat(list, Math.ceil(count / this.kinds.length)));
    const kinds = Array.from({ length: count }, (_, i) => lists[i % lists.length]![Math.floor(i / lists.length)]!);
    if (once !== null) kinds[this.order.whole(0, count - 1)] = once;
    return kinds;
  }

  /** Every kind once before any comes again. */
  private repeat(list: readonly FaultKind[], count: number): FaultKind[] {
    const kinds: FaultKind[] = [];
    while (kinds.length < count) kinds.push(...this.order.shuffled(list));
    return kinds;
  }

  private async recovery({ name }: FaultKind): Promise<void> {
    const timeout = RECOVERY_MS * this.target.cluster.patience;
    const before = this.trainers.map(({ settled }) => settled);
    const goneOn = () => this.trainers.every(({ settled }, i) => settled > (before[i] ?? 0));
    await waitFor(`an answer for every client after the fault '${name}'`, goneOn, { timeout });
    const takenOver = () => this.target.cluster.hasNoDeadHolders().catch(() => false);
    await waitFor(`the take-over of all open work after the fault '${name}'`, takenOver, { timeout });
  }
}
