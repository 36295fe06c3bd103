import { type JobMetrics } from '../service/client.js';

/** Steps that the speed is measured over. */
const WINDOW = 20;

export interface Speed {
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
}

/**
 * How fast a job is, by the clock of the server: rows of a job that is attached to later come all together. That clock
 * shows whole seconds, so there is no speed before one has passed.
 */
export class Pace {
  private readonly rows: JobMetrics[] = [];

  add(row: JobMetrics): void {
    this.rows.push(row);
    if (this.rows.length > WINDOW) this.rows.shift();
  }

  get speed(): Speed | undefined {
    const [first, last] = [this.rows[0], this.rows.at(-1)];
    if (!first || !last || last.created_at === first.created_at) return undefined;
    const seconds = last.created_at - first.created_at;
    const tokens = this.rows.slice(1).reduce((sum, row) => sum + (row.tokens ?? 0), 0);
    const secondsPerStep = seconds / (last.step - first.step);
    return {
      tokensPerSecond: tokens / seconds,
      secondsLeft: secondsPerStep * (last.total_steps - last.step),
    };
  }
}
