import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { type CheckpointKind } from '../../../domain/checkpoint-path.js';

/**
 * A path under which a checkpoint has been published, and the only owner whose checkpoint other keys may read there. It
 * is kept when the checkpoint goes, so that nobody else can put weights where readers expect this owner's.
 */
@Entity('public_paths')
export class PublicPathEntity {
  @PrimaryColumn({ name: 'model_id', type: 'text', primaryKeyConstraintName: 'public_paths_pkey' })
  modelId!: string;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'public_paths_pkey' })
  kind!: CheckpointKind;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'public_paths_pkey' })
  name!: string;

  @Column({ type: 'text' })
  owner!: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
