import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import { type Metadata } from '../../../common/http/validation/is-metadata.js';

/** A sampling request and its result, kept beyond the log. The row is written when the request is accepted. */
@Entity('captures')
@Index('captures_page', ['owner', 'id'])
@Index('captures_open', ['createdAt'], { where: 'result IS NULL' })
export class CaptureEntity {
  /** That of the request, `future_<ulid>`, so it sorts by time. */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'captures_pkey' })
  id!: string;

  @Column({ type: 'text' })
  owner!: string;

  /** As the client named it, so it may be an alias. */
  @Column({ type: 'text' })
  model!: string;

  @Column({ name: 'base_model', type: 'text' })
  baseModel!: string;

  /** A CapturedInput as JSON; not jsonb, which refuses NUL and half of a surrogate pair, which a prompt may have. */
  @Column({ type: 'text' })
  input!: string;

  @Column({ type: 'jsonb' })
  metadata!: Metadata;

  /** Token ids, 4 bytes each, little-endian. */
  @Column({ type: 'bytea' })
  prompt!: Buffer;

  /** How many answers were asked for. */
  @Column({ type: 'integer' })
  choices!: number;

  /** As the log has it (operations/payloads/generate-result.ts); null until the request has completed. */
  @Column({ type: 'bytea', nullable: true })
  result!: Buffer | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
