const FIRST_MS = 500;
const MAX_MS = 20_000;

interface Pause {
  readonly ms: number;
  readonly until: number;
}

/**
 * Lines whose next operation found no room on a disk and is not tried again before a while, twice as long each time.
 * Meanwhile the line is idle: it holds no slot, so the other lines go on, and a shutdown does not wait for it.
 */
export class Pauses {
  private readonly pauses = new Map<string, Pause>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Pauses the line; returns for how many milliseconds. */
  extend(line: string): number {
    const ms = Math.min((this.pauses.get(line)?.ms ?? FIRST_MS / 2) * 2, MAX_MS);
    this.pauses.set(line, { ms, until: this.now() + ms });
    return ms;
  }

  isPaused(line: string): boolean {
    const pause = this.pauses.get(line);
    if (pause === undefined) return false;
    // A line that has not been tried for long is another worker's by now.
    if (this.now() > pause.until + MAX_MS) this.pauses.delete(line);
    return this.now() < pause.until;
  }

  /** Its operation has been settled. */
  end(line: string): void {
    this.pauses.delete(line);
  }
}
