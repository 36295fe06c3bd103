import { Injectable, Logger } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { OperationLogRepository } from '../futures/index.js';
import { Dispatcher } from './dispatcher.js';

const SWEEP_MS = 3000;
const RETENTION_MS = 10 * 60_000;
const RETENTION_BATCH = 500;

/** What the active worker does from time to time: find waiting requests without a job, delete old ones. */
@Injectable()
export class Upkeep {
  private readonly logger = new Logger(Upkeep.name);
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly config: AppConfig,
    private readonly dispatcher: Dispatcher,
    private readonly log: OperationLogRepository,
  ) {}

  start(): void {
    this.stop();
    this.every(SWEEP_MS, 'look for waiting requests', () => this.dispatcher.sweep());
    this.every(RETENTION_MS, 'delete old requests', () => this.deleteOld());
  }

  stop(): void {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
  }

  /** Deletes what has outlived FUTURE_RETENTION_HOURS; returns how many. */
  async deleteOld(now = new Date()): Promise<number> {
    const hours = this.config.futureRetentionHours;
    if (hours === 0) return 0;
    const before = new Date(now.getTime() - hours * 3_600_000);
    let total = 0;
    for (let deleted = RETENTION_BATCH; deleted === RETENTION_BATCH; total += deleted) {
      deleted = await this.log.deleteSettled(before, RETENTION_BATCH);
    }
    if (total > 0) this.logger.log(`Deleted ${total} requests that were settled more than ${hours} hours ago`);
    return total;
  }

  /** At once and then in intervals; a run that fails is logged, one that is slow is not doubled. */
  private every(ms: number, what: string, run: () => Promise<unknown>): void {
    let busy = false;
    const tick = () => {
      if (busy) return;
      busy = true;
      run()
        .catch((error: unknown) => this.logger.warn(`Could not ${what}, trying again: ${String(error)}`))
        .finally(() => (busy = false));
    };
    tick();
    this.timers.push(setInterval(tick, ms).unref());
  }
}
