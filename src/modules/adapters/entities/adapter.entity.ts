import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintNumber } from '../../../database/column.transformers.js';
import { type LoraSpec } from '../../../domain/adapter/lora-spec.js';

/**
 * What an adapter was before its first operation, where that is not fresh weights from the seed: 'stored' = what the
 * snapshot at position 0 holds (an import); 'fork' = what another adapter was at a position of its log.
 */
export type AdapterOrigin =
  { readonly kind: 'stored' } | { readonly kind: 'fork'; readonly adapterId: string; readonly position: number };

/** A LoRA adapter. A deleted one keeps its row (its operations and checkpoints refer to it) but frees its name. */
@Entity('adapters')
@Index('adapters_live_model_id', ['owner', 'modelId'], { unique: true, where: 'deleted_at IS NULL' })
@Index('adapters_worker', ['workerId'], { where: 'worker_id IS NOT NULL' })
@Index('adapters_session', ['sessionId'], { where: 'session_id IS NOT NULL' })
export class AdapterEntity {
  /** `adapter_<ulid>` */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'adapters_pkey' })
  id!: string;

  /** The key it was made with; '' where no keys are configured. */
  @Column({ type: 'text', default: '' })
  owner!: string;

  /** The client's name for it, unique among the owner's live adapters. */
  @Column({ name: 'model_id', type: 'text' })
  modelId!: string;

  @Column({ name: 'base_model', type: 'text' })
  baseModel!: string;

  @Column({ type: 'jsonb' })
  lora!: LoraSpec;

  @Column({ type: 'integer' })
  rank!: number;

  @Column({ name: 'trainable_params', type: 'bigint', transformer: bigintNumber })
  trainableParams!: number;

  /** Optimiser steps taken. */
  @Column({ type: 'integer', default: 0 })
  step!: number;

  /** Are there gradients not yet applied? */
  @Column({ name: 'has_gradients', type: 'boolean', default: false })
  hasGradients!: boolean;

  /** The Tinker session that made it. */
  @Column({ name: 'session_id', type: 'text', nullable: true })
  sessionId!: string | null;

  /** Whatever the client wants to remember with it. */
  @Column({ name: 'user_metadata', type: 'jsonb', nullable: true })
  userMetadata!: Readonly<Record<string, unknown>> | null;

  /** The checkpoint that it was made to hold a copy of: tinker://... */
  @Column({ name: 'copied_from', type: 'text', nullable: true })
  copiedFrom!: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'last_used_at', type: 'timestamptz', default: () => 'now()' })
  lastUsedAt!: Date;

  @Column({ name: 'deleted_at', type: 'timestamptz', nullable: true })
  deletedAt!: Date | null;

  /** The worker that holds the adapter's lease: only that one runs its operations. */
  @Column({ name: 'worker_id', type: 'text', nullable: true })
  workerId!: string | null;

  /** Fencing token: counts how often the lease was taken. What an earlier holder writes is refused by it. */
  @Column({ type: 'bigint', default: 0, transformer: bigintNumber })
  lease!: number;

  /** Null: fresh weights from the seed. */
  @Column({ type: 'jsonb', nullable: true })
  origin!: AdapterOrigin | null;

  /** The step at which a repeat of the log gave another digest than the first time; null while none has. */
  @Column({ name: 'diverged_at_step', type: 'integer', nullable: true })
  divergedAtStep!: number | null;
}
