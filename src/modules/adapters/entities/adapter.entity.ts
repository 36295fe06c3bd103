import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintNumber } from '../../../database/column.transformers.js';
import { type LoraSpec } from '../../../domain/lora-spec.js';

/** A LoRA adapter. A deleted one keeps its row (its operations and checkpoints refer to it) but frees its name. */
@Entity('adapters')
@Index('adapters_live_model_id', ['owner', 'modelId'], { unique: true, where: 'deleted_at IS NULL' })
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

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'last_used_at', type: 'timestamptz', default: () => 'now()' })
  lastUsedAt!: Date;

  @Column({ name: 'deleted_at', type: 'timestamptz', nullable: true })
  deletedAt!: Date | null;

  /** Folder of the newest state snapshot in the checkpoint store; null before the first. */
  @Column({ name: 'state_path', type: 'text', nullable: true })
  statePath!: string | null;

  /** The snapshot contains every operation up to this position of the log; 0 before the first. */
  @Column({ name: 'state_position', type: 'bigint', default: 0, transformer: bigintNumber })
  statePosition!: number;
}
