import { Injectable } from '@nestjs/common';
import { InjectEntityManager } from '@nestjs/typeorm';
import { EntityManager } from 'typeorm';
import { whenDatabaseIsBack } from '../../../database/outage.js';
import { UNSETTLED } from '../../../database/unsettled.js';

/** Bytes that a key stores. */
export interface StoredBytes {
  /** Of all kinds: states for training, sampler weights, exports; also of those that expire soon. */
  readonly checkpoints: number;
  /** State snapshots of live adapters, which the server writes by itself. */
  readonly states: number;
  /** As they were uploaded. */
  readonly files: number;
}

/** The same, with what operations that are accepted and not settled will add. */
export interface StoredAndPending extends StoredBytes {
  readonly pending: number;
}

/** Numbers are float32; with the optimiser's two moments there are three times as many. */
const PARAMETER_BYTES = { weights: 4, withOptimizer: 12 };
const PENDING_BYTES = `
  adapter.trainable_params * CASE open.kind WHEN 'save_weights' THEN ${PARAMETER_BYTES.withOptimizer}
                                            WHEN 'save_weights_for_sampler' THEN ${PARAMETER_BYTES.weights}
                                            WHEN 'save_weights_external' THEN ${PARAMETER_BYTES.weights} ELSE 0 END`;

/** About what a checkpoint takes before it is written. */
export function checkpointBytes(trainableParams: number, withOptimizer: boolean): number {
  return trainableParams * PARAMETER_BYTES[withOptimizer ? 'withOptimizer' : 'weights'];
}

/** What owners store, from the sizes in the rows: no store is asked. */
@Injectable()
export class StoredBytesRepository {
  constructor(@InjectEntityManager() readonly manager: EntityManager) {}

  find(owner: string): Promise<StoredAndPending> {
    return whenDatabaseIsBack(() => this.findWithin(this.manager, owner));
  }

  /** The same in a transaction. */
  async findWithin(manager: EntityManager, owner: string): Promise<StoredAndPending> {
    const [stored]: [StoredAndPending] = await manager.query(
      `SELECT
         (SELECT coalesce(sum(size_bytes), 0)::float8 FROM checkpoints WHERE owner = $1) AS checkpoints,
         (SELECT coalesce(sum(snapshot.size_bytes), 0)::float8
          FROM adapters adapter JOIN adapter_snapshots snapshot ON snapshot.adapter_id = adapter.id
          WHERE adapter.owner = $1 AND adapter.deleted_at IS NULL) AS states,
         (SELECT coalesce(sum(bytes), 0)::float8 FROM files WHERE owner = $1) AS files,
         (SELECT coalesce(sum(${PENDING_BYTES}), 0)::float8
          FROM futures open JOIN adapters adapter ON adapter.id = open.adapter_id
          WHERE open.owner = $1 AND open.status IN ${UNSETTLED}) AS pending`,
      [owner],
    );
    return stored;
  }
}
