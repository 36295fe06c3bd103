import { Column, CreateDateColumn, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { JobEntity } from './job.entity.js';

/** The weights after an epoch, as a job's list of checkpoints names them. */
@Entity('fine_tuning_checkpoints')
export class JobCheckpointEntity {
  @PrimaryColumn({ name: 'job_id', type: 'text', primaryKeyConstraintName: 'fine_tuning_checkpoints_pkey' })
  jobId!: string;

  @ManyToOne(() => JobEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'job_id', foreignKeyConstraintName: 'fine_tuning_checkpoints_job_fkey' })
  job?: JobEntity;

  /** From 1. */
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'fine_tuning_checkpoints_pkey' })
  epoch!: number;

  @Column({ type: 'integer' })
  step!: number;

  /** tinker://... */
  @Column({ type: 'text' })
  path!: string;

  @Column({ type: 'jsonb' })
  metrics!: Readonly<Record<string, number>>;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
