import { type Logger } from '@nestjs/common';
import { within } from '../concurrency/within.js';

/** How long `stop` waits for the current run: in an outage of the database a run may take half a minute. */
const MAX_STOP_MS = 5000;

export interface PeriodicTaskOptions {
  /** Completes the warning of a failed run: "Could not <purpose>". */
  readonly purpose: string;
  readonly intervalMs: number;
  /** Also runs at the start, and not only after the first interval. */
  readonly runsAtStart?: boolean;
  readonly logger: Logger;
}

/** One run of the task. `stopping` aborts when the task is stopped, so that a long run can end early. */
export type PeriodicRun = (stopping: AbortSignal) => unknown;

/**
 * Runs something at intervals: at most one run at a time, and a failed run is logged and tried again at the next
 * interval. The timer does not keep the process alive. Nothing else in the service uses setInterval.
 */
export class PeriodicTask {
  private timer: NodeJS.Timeout | undefined;
  private stopping = new AbortController();
  private current: Promise<void> | null = null;

  constructor(
    private readonly options: PeriodicTaskOptions,
    private readonly run: PeriodicRun,
  ) {}

  start(): void {
    clearInterval(this.timer);
    this.stopping = new AbortController();
    this.timer = setInterval(() => void this.runNow(), this.options.intervalMs).unref();
    if (this.options.runsAtStart === true) void this.runNow();
  }

  /** Runs the task outside its interval, or joins the run that is going on. Never rejects. */
  runNow(): Promise<void> {
    this.current ??= this.runOnce().finally(() => (this.current = null));
    return this.current;
  }

  /** Starts no more runs and waits for the current one, at most MAX_STOP_MS. The task may be started again. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    if (this.current !== null) await within(MAX_STOP_MS, this.current);
  }

  private async runOnce(): Promise<void> {
    try {
      await this.run(this.stopping.signal);
    } catch (error) {
      const { purpose, intervalMs, logger } = this.options;
      logger.warn(`Could not ${purpose}; retrying in ${intervalMs / 1000} s: ${String(error)}`);
    }
  }
}
