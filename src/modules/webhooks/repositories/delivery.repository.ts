import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, Repository } from 'typeorm';
import { type DeliveryStatus, WebhookDeliveryEntity } from '../entities/webhook-delivery.entity.js';

/** An event that this process sends now. */
export type ClaimedDelivery = Pick<
  WebhookDeliveryEntity,
  'id' | 'webhookId' | 'event' | 'data' | 'createdAt' | 'attempts'
>;

/** What came of an attempt. */
export interface Attempt {
  readonly responseStatus: number | null;
  /** Null: it was delivered. */
  readonly error: string | null;
  /** Until the next attempt; null = there is none. */
  readonly retryMs: number | null;
  /** Why the webhook is to be disabled; null = it is not. */
  readonly disable: string | null;
}

/** Another process takes an attempt for lost after this time: more than the longest one. */
const CLAIM_S = 60;
const COLUMNS = `id, webhook_id AS "webhookId", event, data, created_at AS "createdAt", attempts`;

/**
 * Events on their way. Each attempt is claimed for CLAIM_S, without a transaction that stays open: a process that dies
 * leaves it to the others, and it is sent again under the same id.
 */
@Injectable()
export class DeliveryRepository {
  constructor(@InjectRepository(WebhookDeliveryEntity) private readonly rows: Repository<WebhookDeliveryEntity>) {}

  /** Takes some that are due, which no other process has. */
  async claim(webhookId: string, limit: number): Promise<ClaimedDelivery[]> {
    const [rows]: [ClaimedDelivery[], number] = await this.rows.query(
      `UPDATE webhook_deliveries SET attempts = attempts + 1, next_attempt_at = now() + interval '${CLAIM_S} s'
       WHERE id IN (SELECT id FROM webhook_deliveries
                    WHERE webhook_id = $1 AND status = 'pending' AND next_attempt_at <= now()
                    ORDER BY next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING ${COLUMNS}`,
      [webhookId, limit],
    );
    return rows;
  }

  /** Records an event that is sent at once. */
  async insertClaimed(id: string, webhookId: string, event: string): Promise<ClaimedDelivery> {
    const [row]: [ClaimedDelivery] = await this.rows.query(
      `INSERT INTO webhook_deliveries (id, webhook_id, event, data, attempts, next_attempt_at)
       VALUES ($1, $2, $3, jsonb_build_object('id', $2::text), 1, now() + interval '${CLAIM_S} s') RETURNING ${COLUMNS}`,
      [id, webhookId, event],
    );
    return row;
  }

  /** Stores what came of an attempt, unless another process has taken it for lost meanwhile, and what it says of the webhook. */
  async record(delivery: ClaimedDelivery, { responseStatus, error, retryMs, disable }: Attempt): Promise<void> {
    const status: DeliveryStatus = error === null ? 'delivered' : retryMs === null ? 'dead' : 'pending';
    await this.rows.query(
      `WITH recorded AS (
         UPDATE webhook_deliveries SET status = $3, response_status = $4, error = $5,
           next_attempt_at = now() + coalesce($6::float8, 0) * interval '1 ms',
           finished_at = CASE WHEN $3 <> 'pending' THEN now() END
         WHERE id = $1 AND attempts = $2 AND status = 'pending' RETURNING webhook_id)
       UPDATE webhooks SET
         failing_since = CASE WHEN $5::text IS NOT NULL THEN coalesce(failing_since, now()) END,
         disabled_at = CASE WHEN $5::text IS NULL THEN NULL WHEN $7::text IS NULL THEN disabled_at ELSE now() END,
         disabled_reason = CASE WHEN $5::text IS NULL THEN NULL ELSE coalesce($7, disabled_reason) END
       FROM recorded WHERE webhooks.id = recorded.webhook_id
         AND ($5::text IS NOT NULL OR failing_since IS NOT NULL OR disabled_at IS NOT NULL)`,
      [delivery.id, delivery.attempts, status, responseStatus, error, retryMs, disable],
    );
  }

  /** Newest first, those before `position` where given. */
  findPage(
    webhookId: string,
    { status, position, limit }: { status?: DeliveryStatus; position?: number; limit: number },
  ): Promise<WebhookDeliveryEntity[]> {
    return this.rows.find({
      where: {
        webhookId,
        ...(status === undefined ? {} : { status }),
        ...(position === undefined ? {} : { position: LessThan(position) }),
      },
      order: { position: 'DESC' },
      take: limit,
    });
  }

  get(id: string): Promise<WebhookDeliveryEntity> {
    return this.rows.findOneByOrFail({ id });
  }

  /** Deletes what is old, of disabled webhooks also what was not sent, and what is left of deleted ones; returns how many. */
  async deleteOld(days: number, limit: number): Promise<number> {
    const [, count]: [unknown[], number] = await this.rows.query(
      `DELETE FROM webhook_deliveries WHERE id IN (
         SELECT id FROM webhook_deliveries delivery
         WHERE finished_at < now() - make_interval(days => $1)
            OR status = 'pending' AND created_at < now() - make_interval(days => $1)
            OR created_at < now() - interval '1 hour' AND NOT EXISTS (SELECT FROM webhooks WHERE id = delivery.webhook_id)
         LIMIT $2)`,
      [days, limit],
    );
    return count;
  }
}
