import { Injectable } from '@nestjs/common';
import { PeriodicWork } from '../../../common/periodic/periodic-work.js';
import { CheckpointStore } from '../../../storage/checkpoint-store.js';
import { type CheckpointEntity } from '../entities/checkpoint.entity.js';
import { CheckpointEventRepository } from '../repositories/checkpoint-event.repository.js';
import { CheckpointRepository } from '../repositories/checkpoint.repository.js';

const INTERVAL_MS = 60_000;
const BATCH = 100;

/** Deletes checkpoints whose time is over. Until then, and after, nobody sees an expired one. */
@Injectable()
export class CheckpointExpiry extends PeriodicWork {
  protected readonly tasks = [
    this.task({ purpose: 'delete expired checkpoints', intervalMs: INTERVAL_MS }, () => this.sweep()),
  ];

  constructor(
    private readonly checkpoints: CheckpointRepository,
    private readonly store: CheckpointStore,
    private readonly history: CheckpointEventRepository,
  ) {
    super();
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
