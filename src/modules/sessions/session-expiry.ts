import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { SessionsService } from './sessions.service.js';

const INTERVAL_MS = 10_000;

/** Ends sessions whose heartbeats have stopped. */
@Injectable()
export class SessionExpiry implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(SessionExpiry.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: AppConfig,
    private readonly sessions: SessionsService,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // While nothing served, no client could be heard; none is to blame for that.
    await this.sessions.hearAnew();
    this.timer = setInterval(() => void this.sweep(), INTERVAL_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  async sweep(): Promise<void> {
    try {
      const count = await this.sessions.endSilent(this.config.sessionTimeoutS);
      if (count > 0)
        this.logger.log(`${count} sessions were silent for ${this.config.sessionTimeoutS} s and are ended`);
    } catch (error) {
      this.logger.warn(`Could not look for silent sessions, trying again: ${String(error)}`);
    }
  }
}
