import { Column, CreateDateColumn, Entity, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import { bigintNumber } from '../../../database/column.transformers.js';
import { SessionEntity } from './session.entity.js';

/** Weights that a sampling client is pinned to: a base model, or one checkpoint whatever training does later. */
@Entity('sampling_sessions')
@Unique('sampling_sessions_seq', ['sessionId', 'seqId'])
@Unique('sampling_sessions_request', ['requestId'])
export class SamplingSessionEntity {
  /** `sampler_<ulid>` */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'sampling_sessions_pkey' })
  id!: string;

  @Column({ type: 'text' })
  owner!: string;

  @Column({ name: 'session_id', type: 'text' })
  sessionId!: string;

  @ManyToOne(() => SessionEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'session_id', foreignKeyConstraintName: 'sampling_sessions_session_fkey' })
  session?: SessionEntity;

  /** The client's own number; null for one that an unnamed save made. */
  @Column({ name: 'seq_id', type: 'bigint', nullable: true, transformer: bigintNumber })
  seqId!: number | null;

  /** The unnamed save that made it. */
  @Column({ name: 'request_id', type: 'text', nullable: true })
  requestId!: string | null;

  @Column({ name: 'base_model', type: 'text' })
  baseModel!: string;

  /** tinker://... as the client gave it; null for a base model and for an unnamed save. */
  @Column({ name: 'model_path', type: 'text', nullable: true })
  modelPath!: string | null;

  /** Null for a base model. The checkpoint may have been deleted since. */
  @Column({ name: 'checkpoint_id', type: 'text', nullable: true })
  checkpointId!: string | null;

  /** The last number that one of its settled requests was given. */
  @Column({ type: 'bigint', default: 0, transformer: bigintNumber })
  completions!: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
