import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintNumber } from '../../../database/column.transformers.js';
import { type ExampleKind } from '../../../datasets/training-example.js';

export const PURPOSES = ['fine-tune', 'fine-tune-results'] as const;
export type FilePurpose = (typeof PURPOSES)[number];

/** An uploaded file, or one that the server has made: the row is written after its folder in the file store is complete. */
@Entity('files')
@Index('files_page', ['owner', 'createdAt', 'id'])
@Index('files_expiry', ['expiresAt'], { where: 'expires_at IS NOT NULL' })
export class FileEntity {
  /** `file-<ulid>`; also the name of its folder. */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'files_pkey' })
  id!: string;

  @Column({ type: 'text' })
  owner!: string;

  @Column({ type: 'text' })
  filename!: string;

  @Column({ type: 'text' })
  purpose!: FilePurpose;

  @Column({ type: 'bigint', transformer: bigintNumber })
  bytes!: number;

  /** Of its rows; null where it is not training data. */
  @Column({ type: 'text', nullable: true })
  kind!: ExampleKind | null;

  @Column({ type: 'integer', nullable: true })
  rows!: number | null;

  /** What the number of a row counts. */
  @Column({ type: 'text', nullable: true })
  unit!: 'line' | 'row' | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt!: Date | null;
}
