import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PeriodicTask } from '../../common/periodic-task.js';
import { AppConfig } from '../../config/app-config.js';
import { SessionsService } from './sessions.service.js';

const INTERVAL_MS = 10_000;

/** Ends sessions whose heartbeats have stopped. */
@Injectable()
export class SessionExpiry implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(SessionExpiry.name);
  private readonly task = new PeriodicTask(
    { purpose: 'end silent sessions', intervalMs: INTERVAL_MS, logger: this.logger },
    () => this.sweep(),
  );

  constructor(
    private readonly config: AppConfig,
    private readonly sessions: SessionsService,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // While nothing served, no client could be heard; none is to blame for that.
    await this.sessions.hearAnew();
    this.task.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.task.stop();
  }

  private async sweep(): Promise<void> {
    const count = await this.sessions.endSilent(this.config.sessionTimeoutS);
    if (count > 0) this.logger.log(`Ended ${count} sessions without a heartbeat for ${this.config.sessionTimeoutS} s`);
  }
}
