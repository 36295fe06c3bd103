import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { QueuePauseEntity } from './entities/queue-pause.entity.js';

const OPERATIONS_QUEUE = 'operations';

/** SQL: has an operator ordered that no operation starts, or that the worker of id `$1` starts none? */
export const MUST_REST = `(EXISTS (SELECT FROM queue_pauses)
  OR EXISTS (SELECT FROM workers WHERE id = $1 AND draining_since IS NOT NULL))`;

/** The order to start no operation, which all workers obey. */
@Injectable()
export class QueuePauseRepository {
  constructor(@InjectRepository(QueuePauseEntity) private readonly rows: Repository<QueuePauseEntity>) {}

  /** Null: operations run. */
  find(): Promise<QueuePauseEntity | null> {
    return this.rows.findOneBy({ queue: OPERATIONS_QUEUE });
  }

  /** A pause that stands already keeps its time. */
  async pause(reason: string | null, pausedBy: string): Promise<void> {
    await this.rows.upsert({ queue: OPERATIONS_QUEUE, reason, pausedBy }, ['queue']);
  }

  async resume(): Promise<void> {
    await this.rows.delete({ queue: OPERATIONS_QUEUE });
  }
}
