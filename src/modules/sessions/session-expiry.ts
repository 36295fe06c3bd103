import { Injectable } from '@nestjs/common';
import { PeriodicWork } from '../../common/periodic/periodic-work.js';
import { AppConfig } from '../../config/app-config.js';
import { SessionsService } from './sessions.service.js';

const INTERVAL_MS = 10_000;

/** Ends sessions whose heartbeats have stopped. */
@Injectable()
export class SessionExpiry extends PeriodicWork {
  protected readonly tasks = [
    this.task({ purpose: 'end silent sessions', intervalMs: INTERVAL_MS }, () => this.sweep()),
  ];

  constructor(
    private readonly config: AppConfig,
    private readonly sessions: SessionsService,
  ) {
    super();
  }

  override async onApplicationBootstrap(): Promise<void> {
    // While nothing served, no client could be heard; none is to blame for that.
    await this.sessions.hearAnew();
    await super.onApplicationBootstrap();
  }

  private async sweep(): Promise<void> {
    const count = await this.sessions.endSilent(this.config.sessionTimeoutS);
    if (count > 0) this.logger.log(`Ended ${count} sessions without a heartbeat for ${this.config.sessionTimeoutS} s`);
  }
}
