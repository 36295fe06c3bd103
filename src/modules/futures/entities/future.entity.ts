import {
  Column,
  CreateDateColumn,
  Entity,
  Generated,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  Unique,
} from 'typeorm';
import { type SerializedError } from '../../../common/errors/app-error.js';
import { bigintNumber } from '../../../database/column.transformers.js';
import { UNSETTLED } from '../../../database/unsettled.js';
import { type OperationKind, type OperationStatus } from '../../../domain/operation.js';
import { AdapterEntity } from '../../adapters/entities/adapter.entity.js';

/**
 * A request and its answer: the truth about it. In `position` order the rows of one adapter are its operation log,
 * from which its state can be rebuilt.
 */
@Entity('futures')
@Unique('futures_position', ['position'])
// The adapter's id, not the client's model name: a name can be used again after its adapter is deleted.
@Unique('futures_adapter_seq', ['adapterId', 'seqId'])
@Unique('futures_idempotency_key', ['idempotencyKey'])
@Index('futures_log', ['adapterId', 'position'])
@Index('futures_line', ['adapterId', 'position'], { where: `status IN ${UNSETTLED}` })
@Index('futures_session', ['sessionId', 'position'], { where: 'session_id IS NOT NULL' })
@Index('futures_sampler', ['samplerId', 'completion'], { where: 'sampler_id IS NOT NULL' })
@Index('futures_open', ['owner'], { where: `status IN ${UNSETTLED}` })
@Index('futures_owner', ['owner', 'position'])
@Index('futures_kind', ['kind', 'position'])
@Index('futures_failed_owner', ['owner', 'position'], { where: "status = 'failed'" })
@Index('futures_model', ['modelId', 'position'], { where: 'adapter_id IS NULL' })
@Index('futures_failed', ['position'], { where: "status = 'failed'" })
@Index('futures_deadline', ['deadline'], { where: "deadline IS NOT NULL AND status = 'pending'" })
@Index('futures_finished', ['finishedAt'], { where: 'finished_at IS NOT NULL' })
export class FutureEntity {
  /** `future_<ulid>` */
  @PrimaryColumn({ name: 'request_id', type: 'text', primaryKeyConstraintName: 'futures_pkey' })
  requestId!: string;

  /** Position in the log. Within an adapter it is also the order of commits (see FutureRepository.insert). */
  @Column({ type: 'bigint', transformer: bigintNumber })
  @Generated('increment')
  position!: number;

  /** The key it was sent with; '' where no keys are configured. */
  @Column({ type: 'text', default: '' })
  owner!: string;

  /** That of its key when it was accepted: -1 low, 0 normal, 1 high. */
  @Column({ type: 'smallint', default: 0 })
  priority!: number;

  /** Null for requests to a bare base model. */
  @Column({ name: 'adapter_id', type: 'text', nullable: true })
  adapterId!: string | null;

  @ManyToOne(() => AdapterEntity, { onDelete: 'RESTRICT', nullable: true })
  @JoinColumn({ name: 'adapter_id', foreignKeyConstraintName: 'futures_adapter_fkey' })
  adapter?: AdapterEntity | null;

  /** The Tinker session that it belongs to: its adapter's, or its sampling session's. */
  @Column({ name: 'session_id', type: 'text', nullable: true })
  sessionId!: string | null;

  /** The sampling session that it was sent to. */
  @Column({ name: 'sampler_id', type: 'text', nullable: true })
  samplerId!: string | null;

  /** Of requests to one sampling session: its number among the settled ones, from 1 on, once somebody has asked. */
  @Column({ type: 'bigint', nullable: true, transformer: bigintNumber })
  completion!: number | null;

  @Column({ name: 'model_id', type: 'text' })
  modelId!: string;

  @Column({ name: 'base_model', type: 'text' })
  baseModel!: string;

  @Column({ type: 'text' })
  kind!: OperationKind;

  /** The client's own number of the request. */
  @Column({ name: 'seq_id', type: 'bigint', nullable: true, transformer: bigintNumber })
  seqId!: number | null;

  /** Tells a repeat of a request that has no (adapter, seq_id). */
  @Column({ name: 'idempotency_key', type: 'text', nullable: true })
  idempotencyKey!: string | null;

  @Column({ type: 'text', default: 'pending' })
  status!: OperationStatus;

  /** When its client gives it up; null for most. */
  @Column({ type: 'timestamptz', nullable: true })
  deadline!: Date | null;

  /** The trace that its client's request belongs to, as W3C Trace Context writes it; null while tracing is off. */
  @Column({ type: 'text', nullable: true })
  traceparent!: string | null;

  /** OperationData as bytes. */
  @Column({ type: 'bytea' })
  request!: Buffer;

  /** SHA-256 of kind and request: tells a repeat from a second use of a seq_id. */
  @Column({ name: 'request_hash', type: 'bytea' })
  requestHash!: Buffer;

  @Column({ type: 'bytea', nullable: true })
  result!: Buffer | null;

  @Column({ type: 'jsonb', nullable: true })
  error!: SerializedError | null;

  /** How often a worker has started it. */
  @Column({ type: 'integer', default: 0 })
  attempts!: number;

  /** How many workers died while they ran it. */
  @Column({ type: 'integer', default: 0 })
  deaths!: number;

  /** Optimiser steps of the adapter after it, of operations that set them. */
  @Column({ type: 'integer', nullable: true })
  step!: number | null;

  /** Hash of the adapter's state after it, of operations that replace the weights. */
  @Column({ type: 'text', nullable: true })
  digest!: string | null;

  /** The worker that runs it or has run it. Only that one may settle it. */
  @Column({ name: 'worker_id', type: 'text', nullable: true })
  workerId!: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** When it began to run; null also while it is claimed and waits for its turn to run alone. */
  @Column({ name: 'started_at', type: 'timestamptz', nullable: true })
  startedAt!: Date | null;

  @Column({ name: 'finished_at', type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;
}
