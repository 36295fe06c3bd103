import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintNumber } from '../../../database/column.transformers.js';
import { type OperationKind } from '../../../domain/operation.js';

const KEY = { type: 'text', primaryKeyConstraintName: 'usage_hours_pkey' } as const;

/**
 * What was used within one hour, by whom and for what. Added to in the transaction that stores a result (see
 * ClaimRepository.complete), and kept when retention deletes the request.
 */
@Entity('usage_hours')
@Index('usage_hours_hour', ['hour'])
export class UsageHourEntity {
  /** The key; '' where no keys are configured. */
  @PrimaryColumn(KEY)
  owner!: string;

  /** Begin of the hour in which the results were stored. */
  @PrimaryColumn({ ...KEY, type: 'timestamptz' })
  hour!: Date;

  /** The Tinker session; '' for requests without one. */
  @PrimaryColumn({ ...KEY, name: 'session_id' })
  sessionId!: string;

  /** What was used: an adapter by its name, a sampling session, a checkpoint or a base model. */
  @PrimaryColumn({ ...KEY, name: 'model_id' })
  modelId!: string;

  @PrimaryColumn({ ...KEY, name: 'base_model' })
  baseModel!: string;

  @PrimaryColumn(KEY)
  kind!: OperationKind;

  /** Requests that were completed. */
  @Column({ type: 'bigint', transformer: bigintNumber })
  requests!: number;

  @Column({ name: 'prompt_tokens', type: 'bigint', transformer: bigintNumber })
  promptTokens!: number;

  @Column({ name: 'trained_tokens', type: 'bigint', transformer: bigintNumber })
  trainedTokens!: number;

  @Column({ name: 'sampled_tokens', type: 'bigint', transformer: bigintNumber })
  sampledTokens!: number;

  /** From the start of each request to its end; those that ran side by side count each. */
  @Column({ name: 'running_ms', type: 'bigint', transformer: bigintNumber })
  runningMs!: number;
}
