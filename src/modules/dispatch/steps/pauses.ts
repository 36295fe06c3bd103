const FIRST_MS = 500;
const MAX_MS = 20_000;

interface Pause {
  readonly ms: number;
  readonly until: number;
}

/**
 * Queues whose next operation found no space on a disk. It is retried after a delay that doubles each time. Meanwhile the
 * queue is idle: it holds no slot, so the other queues go on, and a shutdown does not wait for it.
 */
export class Pauses {
  private readonly pauses = new Map<string, Pause>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Pauses the queue; returns for how many milliseconds. */
  extend(queue: string): number {
    const ms = Math.min((this.pauses.get(queue)?.ms ?? FIRST_MS / 2) * 2, MAX_MS);
    this.pauses.set(queue, { ms, until: this.now() + ms });
    return ms;
  }

  isPaused(queue: string): boolean {
    const pause = this.pauses.get(queue);
    if (pause === undefined) return false;
    // A queue that has not been tried for long is another worker's by now.
    if (this.now() > pause.until + MAX_MS) this.pauses.delete(queue);
    return this.now() < pause.until;
  }

  /** An operation of the queue did not need space, or found some. */
  end(queue: string): void {
    this.pauses.delete(queue);
  }
}
