import { Column, CreateDateColumn, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { bigintNumber } from '../../../database/column.transformers.js';
import { AdapterEntity } from './adapter.entity.js';

/** An adapter's whole state at one position of its log, in the checkpoint store: written after its folder is complete. */
@Entity('adapter_snapshots')
export class AdapterSnapshotEntity {
  @PrimaryColumn({ name: 'adapter_id', type: 'text', primaryKeyConstraintName: 'adapter_snapshots_pkey' })
  adapterId!: string;

  /** It contains every operation up to this one; 0 = none. */
  @PrimaryColumn({ type: 'bigint', transformer: bigintNumber, primaryKeyConstraintName: 'adapter_snapshots_pkey' })
  position!: number;

  @ManyToOne(() => AdapterEntity, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'adapter_id', foreignKeyConstraintName: 'adapter_snapshots_adapter_fkey' })
  adapter?: AdapterEntity;

  /** The lease under which it was written; the folder belongs to it alone. */
  @Column({ type: 'bigint', transformer: bigintNumber })
  lease!: number;

  /** Optimiser steps in it. */
  @Column({ type: 'integer' })
  step!: number;

  /** Its folder in the checkpoint store. */
  @Column({ type: 'text' })
  path!: string;

  @Column({ name: 'size_bytes', type: 'bigint', transformer: bigintNumber })
  sizeBytes!: number;

  /** Digest of the state; null for those from before there were digests. */
  @Column({ type: 'text', nullable: true })
  digest!: string | null;

  /** It holds what the log cannot repeat, so it is never thinned out. */
  @Column({ type: 'boolean', default: false })
  pinned!: boolean;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
