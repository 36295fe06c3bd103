import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import { bigintNumber } from '../../../database/column.transformers.js';
import { type CheckpointKind } from '../../../domain/checkpoint-path.js';
import { type LoraSpec } from '../../../domain/adapter/lora-spec.js';
import { AdapterEntity } from '../../adapters/entities/adapter.entity.js';

/** A named checkpoint or sampler weights: the row is written after its folder is complete. */
@Entity('checkpoints')
@Unique('checkpoints_adapter_kind_name', ['adapterId', 'kind', 'name'])
@Index('checkpoints_owner', ['owner', 'sizeBytes'])
@Index('checkpoints_expiry', ['expiresAt'], { where: 'expires_at IS NOT NULL' })
export class CheckpointEntity {
  /** `checkpoint_<ulid>` */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'checkpoints_pkey' })
  id!: string;

  /** The adapter's owner. */
  @Column({ type: 'text', default: '' })
  owner!: string;

  /** May other keys read it? */
  @Column({ type: 'boolean', default: false })
  public!: boolean;

  @Column({ name: 'user_metadata', type: 'jsonb', nullable: true })
  userMetadata!: Record<string, string> | null;

  @Column({ name: 'adapter_id', type: 'text' })
  adapterId!: string;

  @ManyToOne(() => AdapterEntity, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'adapter_id', foreignKeyConstraintName: 'checkpoints_adapter_fkey' })
  adapter?: AdapterEntity;

  @Column({ name: 'model_id', type: 'text' })
  modelId!: string;

  @Column({ type: 'text' })
  kind!: CheckpointKind;

  @Column({ type: 'text' })
  name!: string;

  /** Folder in the checkpoint store. */
  @Column({ type: 'text' })
  path!: string;

  @Column({ name: 'base_model', type: 'text' })
  baseModel!: string;

  @Column({ type: 'jsonb' })
  lora!: LoraSpec;

  /** Optimiser steps of the adapter when it was saved. */
  @Column({ type: 'integer' })
  step!: number;

  @Column({ name: 'size_bytes', type: 'bigint', transformer: bigintNumber })
  sizeBytes!: number;

  @Column({ name: 'with_optimizer', type: 'boolean' })
  withOptimizer!: boolean;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt!: Date | null;
}
