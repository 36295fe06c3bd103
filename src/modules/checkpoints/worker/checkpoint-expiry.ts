import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PeriodicTask } from '../../../common/periodic-task.js';
import { CheckpointStore } from '../../../storage/checkpoint-store.js';
import { type CheckpointEntity } from '../entities/checkpoint.entity.js';
import { CheckpointEventRepository } from '../repositories/checkpoint-event.repository.js';
import { CheckpointRepository } from '../repositories/checkpoint.repository.js';

const INTERVAL_MS = 60_000;
const BATCH = 100;

/** Deletes checkpoints whose time is over. Until then, and after, nobody sees an expired one. */
@Injectable()
export class CheckpointExpiry implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly task = new PeriodicTask(
    {
      purpose: 'delete expired checkpoints',
      intervalMs: INTERVAL_MS,
      logger: new Logger(CheckpointExpiry.name),
    },
    () => this.sweep(),
  );

  constructor(
    private readonly checkpoints: CheckpointRepository,
    private readonly store: CheckpointStore,
    private readonly history: CheckpointEventRepository,
  ) {}

  onApplicationBootstrap(): void {
    this.task.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.task.stop();
  }

  async sweep(): Promise<void> {
    for (const checkpoint of await this.checkpoints.findExpired(BATCH)) {
      if (await this.forget(checkpoint)) await this.store.delete(checkpoint.path);
    }
  }

  /** Several workers sweep: the one that deletes the row leaves the event, both or neither. */
  private forget(checkpoint: CheckpointEntity): Promise<boolean> {
    return this.checkpoints.manager.transaction(async (manager) => {
      if (!(await this.checkpoints.deleteExpired(checkpoint.id, manager))) return false;
      const details = { expires_at: checkpoint.expiresAt?.toISOString() ?? null };
      await this.history.record(checkpoint, 'checkpoint_expire', details, manager);
      return true;
    });
  }
}
