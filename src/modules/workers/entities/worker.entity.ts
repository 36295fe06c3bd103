import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type ProcessMemory } from '../../../common/process-memory.js';
import { type BackendCapabilities, type BaseModelCapabilities } from '../../../compute/compute-backend.js';
import { type RankMemory } from '../../../domain/rank-memory.js';

/** Memory of a worker, and of the processes of its engine beside it. */
export interface WorkerMemory extends ProcessMemory {
  readonly ranks: readonly RankMemory[];
}

/** A compute worker that is running, or was until its heartbeat stopped. */
@Entity('workers')
export class WorkerEntity {
  /** `worker_<ulid>`, new at every start of the process. */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'workers_pkey' })
  id!: string;

  @Column({ type: 'text' })
  hostname!: string;

  @Column({ type: 'integer' })
  pid!: number;

  @Column({ type: 'text' })
  engine!: string;

  @Column({ type: 'text' })
  device!: string;

  /** Processes of the engine. */
  @Column({ type: 'integer', default: 1 })
  ranks!: number;

  @Column({ name: 'max_rank', type: 'integer' })
  maxRank!: number;

  @Column({ type: 'text', default: 'off' })
  batching!: BackendCapabilities['batching'];

  @Column({ name: 'base_models', type: 'jsonb' })
  baseModels!: readonly BaseModelCapabilities[];

  /** As its latest heartbeat told it; null for workers of earlier versions. */
  @Column({ type: 'jsonb', nullable: true })
  memory!: WorkerMemory | null;

  /** Half of the advisory lock that the worker holds while its database connection lives. */
  @Column({ name: 'lock_key', type: 'integer' })
  lockKey!: number;

  @Column({ name: 'started_at', type: 'timestamptz', default: () => 'now()' })
  startedAt!: Date;

  @Column({ name: 'heartbeat_at', type: 'timestamptz', default: () => 'now()' })
  heartbeatAt!: Date;

  /** Since when an operator wants it to finish what it has and start nothing; null: it works. */
  @Column({ name: 'draining_since', type: 'timestamptz', nullable: true })
  drainingSince!: Date | null;
}
