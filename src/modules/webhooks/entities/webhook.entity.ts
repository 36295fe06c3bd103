import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import { type WebhookEvent } from '../webhook-events.js';

/** An address that an owner wants to be told at. */
@Entity('webhooks')
@Index('webhooks_owner', ['owner'])
export class WebhookEntity {
  /** `wh_<ulid>` */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'webhooks_pkey' })
  id!: string;

  @Column({ type: 'text', default: '' })
  owner!: string;

  @Column({ type: 'text' })
  url!: string;

  @Column({ type: 'text', array: true })
  events!: WebhookEvent[];

  @Column({ type: 'text', nullable: true })
  description!: string | null;

  /** `whsec_` and base64, as Standard Webhooks writes it. Deliveries are signed with it, so it is not hashed. */
  @Column({ type: 'text' })
  secret!: string;

  /** The secret before this one, with which deliveries are signed, too, until it expires. */
  @Column({ name: 'previous_secret', type: 'text', nullable: true })
  previousSecret!: string | null;

  @Column({ name: 'previous_secret_expires_at', type: 'timestamptz', nullable: true })
  previousSecretExpiresAt!: Date | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** Of the first failure since the last success. */
  @Column({ name: 'failing_since', type: 'timestamptz', nullable: true })
  failingSince!: Date | null;

  /** From then on it is told nothing. */
  @Column({ name: 'disabled_at', type: 'timestamptz', nullable: true })
  disabledAt!: Date | null;

  @Column({ name: 'disabled_reason', type: 'text', nullable: true })
  disabledReason!: string | null;
}
