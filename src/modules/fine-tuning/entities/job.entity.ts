import { Column, CreateDateColumn, Entity, Generated, Index, PrimaryColumn } from 'typeorm';
import { bigintNumber } from '../../../database/column.transformers.js';
import { type JobStatus } from '../job-states.js';
import { type Method, type TrainingSettings } from '../plan/training-settings.js';

/** Why a job failed, as OpenAI's API says it. */
export interface JobError {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
}

/** How far a job is: everything that a driver remembers. */
export interface JobProgress {
  /** Units of the plan that are done and recorded. */
  readonly position: number;
  /** Optimiser steps among them. */
  readonly step: number;
  /** Tokens that went through forward and backward passes. */
  readonly trainedTokens: number;
  /** Sums over the epoch so far, for its means: of the weights, and of each metric times its weight. */
  readonly train: MetricSums;
  readonly valid: MetricSums;
  /** The validation loss of every epoch that is done; empty without validation. */
  readonly validLosses: readonly number[];
}

export interface MetricSums {
  readonly weight: number;
  readonly sums: Readonly<Record<string, number>>;
}

/** A fine-tuning job. With its files and its adapter's log, the row is all there is of it. */
@Entity('fine_tuning_jobs')
@Index('fine_tuning_jobs_owner', ['owner', 'position'])
@Index('fine_tuning_jobs_driven', ['status'], { where: "status IN ('validating_files', 'queued', 'running')" })
export class JobEntity {
  /** `ftjob-<ulid>` */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'fine_tuning_jobs_pkey' })
  id!: string;

  /** Sequence number among all jobs, for pages. */
  @Column({ type: 'bigint', transformer: bigintNumber })
  @Generated('increment')
  position!: number;

  @Column({ type: 'text', default: '' })
  owner!: string;

  @Column({ type: 'text' })
  status!: JobStatus;

  /** Whether its files have been read to their end. */
  @Column({ type: 'boolean', default: false })
  validated!: boolean;

  @Column({ name: 'base_model', type: 'text' })
  baseModel!: string;

  /** Name of the adapter that it trains. */
  @Column({ name: 'model_id', type: 'text' })
  modelId!: string;

  @Column({ name: 'training_file', type: 'text' })
  trainingFile!: string;

  @Column({ name: 'validation_file', type: 'text', nullable: true })
  validationFile!: string | null;

  @Column({ type: 'text' })
  method!: Method;

  @Column({ type: 'jsonb' })
  settings!: TrainingSettings;

  @Column({ type: 'integer' })
  seed!: number;

  @Column({ type: 'jsonb', nullable: true })
  metadata!: Readonly<Record<string, string>> | null;

  @Column({ type: 'jsonb' })
  progress!: JobProgress;

  @Column({ type: 'jsonb', nullable: true })
  error!: JobError | null;

  /** The file with its metrics. */
  @Column({ name: 'result_file', type: 'text', nullable: true })
  resultFile!: string | null;

  @Column({ name: 'estimated_finish', type: 'timestamptz', nullable: true })
  estimatedFinish!: Date | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'finished_at', type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;

  /** The process that drives it. */
  @Column({ name: 'driver_id', type: 'text', nullable: true })
  driverId!: string | null;

  /** Until when, unless it says so again. */
  @Column({ name: 'driven_until', type: 'timestamptz', nullable: true })
  drivenUntil!: Date | null;

  /** Fencing token: counts how often it was taken. What an earlier driver writes is refused by it. */
  @Column({ type: 'bigint', default: 0, transformer: bigintNumber })
  lease!: number;
}
