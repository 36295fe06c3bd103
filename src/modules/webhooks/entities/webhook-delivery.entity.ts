import { Column, CreateDateColumn, Entity, Generated, Index, PrimaryColumn } from 'typeorm';
import { bigintNumber } from '../../../database/column.transformers.js';

/** 'dead' = given up: see its error. */
export type DeliveryStatus = 'pending' | 'delivered' | 'dead';

/**
 * One event for one webhook, until it is delivered. It does not reference its webhook by a foreign key: one that is deleted must not make
 * the statement fail that settles an operation.
 */
@Entity('webhook_deliveries')
@Index('webhook_deliveries_due', ['webhookId', 'nextAttemptAt'], { where: "status = 'pending'" })
@Index('webhook_deliveries_page', ['webhookId', 'position'])
@Index('webhook_deliveries_finished', ['finishedAt'], { where: 'finished_at IS NOT NULL' })
export class WebhookDeliveryEntity {
  /** `evt_<32 hex digits>`: the header webhook-id, the same in every attempt. */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'webhook_deliveries_pkey' })
  id!: string;

  @Column({ type: 'bigint', transformer: bigintNumber })
  @Generated('increment')
  position!: number;

  @Column({ name: 'webhook_id', type: 'text' })
  webhookId!: string;

  @Column({ type: 'text' })
  event!: string;

  /** What the body says of the thing it is about. */
  @Column({ type: 'jsonb' })
  data!: Record<string, unknown>;

  @Column({ type: 'text', default: 'pending' })
  status!: DeliveryStatus;

  /** How often it was begun. */
  @Column({ type: 'integer', default: 0 })
  attempts!: number;

  /** Of a pending one; while an attempt runs, when another process may take it for lost. */
  @Column({ name: 'next_attempt_at', type: 'timestamptz', default: () => 'now()' })
  nextAttemptAt!: Date;

  /** HTTP status of the last answer. */
  @Column({ name: 'response_status', type: 'integer', nullable: true })
  responseStatus!: number | null;

  /** Why the last attempt failed. */
  @Column({ type: 'text', nullable: true })
  error!: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'finished_at', type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;
}
