import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Between, type EntityManager, Repository } from 'typeorm';
import { formatCheckpointPath } from '../../../domain/checkpoint-path.js';
import { type CheckpointEntity } from '../entities/checkpoint.entity.js';
import { CheckpointEventEntity, type CheckpointEventName } from '../entities/checkpoint-event.entity.js';

/**
 * What was done with checkpoints. Written before it is done, or in one transaction with it: an event too many misleads
 * less than a missing one. That of a copy comes after: only then is it known which of two repeats has made it.
 */
@Injectable()
export class CheckpointEventRepository {
  constructor(@InjectRepository(CheckpointEventEntity) private readonly rows: Repository<CheckpointEventEntity>) {}

  /** Checkpoints without a name of their own are left out: no client knows of them. */
  async record(
    checkpoint: Pick<CheckpointEntity, 'owner' | 'modelId' | 'kind' | 'name'>,
    event: CheckpointEventName,
    details: CheckpointEventEntity['details'] = {},
    manager: EntityManager = this.rows.manager,
  ): Promise<void> {
    const { owner, modelId, name } = checkpoint;
    if (name.startsWith('.')) return;
    const path = formatCheckpointPath(checkpoint);
    await manager.insert(CheckpointEventEntity, { owner, modelId, event, details, path });
  }

  /** Newest first. */
  find(owner: string, limit: number, range?: { from: Date; to: Date }): Promise<CheckpointEventEntity[]> {
    const where = { owner, ...(range ? { createdAt: Between(range.from, range.to) } : {}) };
    return this.rows.find({ where, order: { createdAt: 'DESC', id: 'DESC' }, take: limit });
  }
}
