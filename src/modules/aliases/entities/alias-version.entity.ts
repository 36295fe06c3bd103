import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { type EvaluationComparison } from '../evaluation-comparison.js';

const PRIMARY_KEY = { primaryKeyConstraintName: 'alias_versions_pkey' };

/** How a version came to be. */
export type AliasChange = 'set' | 'promoted' | 'rolled_back';

/** What an alias has pointed at. The newest version of a name is the alias; all of them are its history. */
@Entity('alias_versions')
export class AliasVersionEntity {
  @PrimaryColumn({ type: 'text', ...PRIMARY_KEY })
  owner!: string;

  @PrimaryColumn({ type: 'text', ...PRIMARY_KEY })
  name!: string;

  /** 1, 2, 3, ... under one name. */
  @PrimaryColumn({ type: 'integer', ...PRIMARY_KEY })
  version!: number;

  /** The name of an adapter or a base model, or the path of sampler weights. */
  @Column({ type: 'text' })
  target!: string;

  @Column({ name: 'base_model', type: 'text' })
  baseModel!: string;

  @Column({ type: 'text' })
  change!: AliasChange;

  /** The version that a rollback of this one brings back. */
  @Column({ type: 'integer', nullable: true })
  previous!: number | null;

  /** The comparison that it was promoted on; null if there was none. */
  @Column({ type: 'jsonb', nullable: true })
  evaluation!: EvaluationComparison | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
