import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type BaseModelCapabilities } from '../../../compute/compute-backend.js';

/** 'active' computes; 'standby' has its engine loaded and takes over when the active one is gone. */
export const WORKER_STATUSES = ['active', 'standby'] as const;
export type WorkerStatus = (typeof WORKER_STATUSES)[number];

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

  @Column({ name: 'max_rank', type: 'integer' })
  maxRank!: number;

  @Column({ name: 'base_models', type: 'jsonb' })
  baseModels!: readonly BaseModelCapabilities[];

  @Column({ type: 'text', default: 'standby' })
  status!: WorkerStatus;

  @Column({ name: 'started_at', type: 'timestamptz', default: () => 'now()' })
  startedAt!: Date;

  @Column({ name: 'heartbeat_at', type: 'timestamptz', default: () => 'now()' })
  heartbeatAt!: Date;
}
