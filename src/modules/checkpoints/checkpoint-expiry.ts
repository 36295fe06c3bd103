import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CheckpointStore } from '../../storage/checkpoint-store.js';
import { CheckpointRepository } from './repositories/checkpoint.repository.js';

const INTERVAL_MS = 60_000;
const BATCH = 100;

/** Deletes checkpoints whose time is over. Until then, and after, nobody sees an expired one. */
@Injectable()
export class CheckpointExpiry implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(CheckpointExpiry.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly checkpoints: CheckpointRepository,
    private readonly store: CheckpointStore,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.sweep(), INTERVAL_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  async sweep(): Promise<void> {
    try {
      for (const { id, path } of await this.checkpoints.findExpired(BATCH)) {
        await this.checkpoints.delete(id);
        await this.store.delete(path);
      }
    } catch (error) {
      this.logger.warn(`Could not delete expired checkpoints, trying again in a minute: ${String(error)}`);
    }
  }
}
