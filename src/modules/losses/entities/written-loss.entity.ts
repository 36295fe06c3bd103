import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { type LossDefinition } from '../../../domain/loss-definition.js';
import { type LossMetadata } from '../../../losses/loss-function.js';

const PRIMARY_KEY = { primaryKeyConstraintName: 'loss_functions_pkey' };

/** A version of a loss that a client wrote. The row stays when it is deleted, so that no number is given twice. */
@Entity('loss_functions')
export class WrittenLossEntity {
  @PrimaryColumn({ type: 'text', ...PRIMARY_KEY })
  owner!: string;

  @PrimaryColumn({ type: 'text', ...PRIMARY_KEY })
  name!: string;

  /** 1, 2, 3, ... under one name. */
  @PrimaryColumn({ type: 'integer', ...PRIMARY_KEY })
  version!: number;

  /** As text, not jsonb, which forgets the order of keys; null once it is deleted. */
  @Column({ type: 'json', nullable: true })
  definition!: LossDefinition | null;

  /** What compiling it gave, so that a list of losses compiles none. */
  @Column({ type: 'json', nullable: true })
  metadata!: LossMetadata | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'deleted_at', type: 'timestamptz', nullable: true })
  deletedAt!: Date | null;
}
