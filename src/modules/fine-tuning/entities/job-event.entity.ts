import {
  Column,
  CreateDateColumn,
  Entity,
  Generated,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  Unique,
} from 'typeorm';
import { bigintNumber } from '../../../database/column.transformers.js';
import { JobEntity } from './job.entity.js';

export const EVENT_LEVELS = ['info', 'warn', 'error'] as const;
export type EventLevel = (typeof EVENT_LEVELS)[number];

/** What happened to a job, and its metrics: those of a step or an epoch are the data of an event. */
@Entity('fine_tuning_events')
@Unique('fine_tuning_events_key', ['jobId', 'key'])
@Index('fine_tuning_events_job', ['jobId', 'position'])
export class JobEventEntity {
  /** Sequence number among all events; within a job, the order in which they happened. */
  @PrimaryColumn({
    type: 'bigint',
    primaryKeyConstraintName: 'fine_tuning_events_pkey',
    transformer: bigintNumber,
  })
  @Generated('increment')
  position!: number;

  @Column({ name: 'job_id', type: 'text' })
  jobId!: string;

  @ManyToOne(() => JobEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'job_id', foreignKeyConstraintName: 'fine_tuning_events_job_fkey' })
  job?: JobEntity;

  /** What happens once has one, so that whoever takes a job over tells it once. */
  @Column({ type: 'text', nullable: true })
  key!: string | null;

  @Column({ type: 'text' })
  type!: 'message' | 'metrics';

  @Column({ type: 'text' })
  level!: EventLevel;

  @Column({ type: 'text' })
  message!: string;

  @Column({ type: 'jsonb', nullable: true })
  data!: Readonly<Record<string, unknown>> | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
