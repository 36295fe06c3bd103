import { Injectable, Logger } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { OperationLogRepository } from '../futures/index.js';
import { AdapterMemory } from './leases/adapter-memory.js';
import { Dispatcher } from './dispatcher.js';
import { Leases } from './leases/leases.js';

const SWEEP_MS = 1000;
const SHARE_MS = 5000;
const DELETE_MS = 10 * 60_000;
const DELETE_BATCH = 500;

/**
 * What a worker does from time to time: find work that has no job or no worker, free memory, share adapters, delete old
 * requests.
 */
@Injectable()
export class Upkeep {
  private readonly logger = new Logger(Upkeep.name);
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly config: AppConfig,
    private readonly dispatcher: Dispatcher,
    private readonly memory: AdapterMemory,
    private readonly leases: Leases,
    private readonly log: OperationLogRepository,
  ) {}

  start(): void {
    this.stop();
    this.every(SWEEP_MS, 'look for waiting requests', () => this.dispatcher.sweep());
    this.every(SWEEP_MS, 'free memory', () => this.tidy());
    this.every(SHARE_MS, 'share adapters with other workers', () => this.share());
    this.every(DELETE_MS, 'delete old requests', () => this.deleteOld());
  }

  stop(): void {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
  }

  /** Lets adapters leave the memory that had better, and gives back the leases of those that have left. */
  private async tidy(): Promise<void> {
    for (const id of this.memory.surplus()) this.dispatcher.whenQuiet(id, () => this.memory.park(id));
    await this.leases.releaseUnused((id) => this.dispatcher.isBusy(id) || this.memory.holds(id));
  }

  /** Lets a worker that has come later, or that has lost some, take one of this worker's adapters when it is next used. */
  private async share(): Promise<void> {
    const id = await this.leases.findToSpare((one) => this.dispatcher.isBusy(one));
    if (id === null) return;
    this.dispatcher.whenQuiet(id, async () => {
      await this.memory.unload(id);
      await this.leases.giveBack(id);
    });
  }

  /** Deletes what has outlived FUTURE_RETENTION_HOURS; returns how many. */
  async deleteOld(now = new Date()): Promise<number> {
    const hours = this.config.futureRetentionHours;
    if (hours === 0) return 0;
    const before = new Date(now.getTime() - hours * 3_600_000);
    let total = 0;
    for (let deleted = DELETE_BATCH; deleted === DELETE_BATCH; total += deleted) {
      deleted = await this.log.deleteSettled(before, DELETE_BATCH);
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
