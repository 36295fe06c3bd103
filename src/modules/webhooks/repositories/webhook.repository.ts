import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, LessThan, Repository } from 'typeorm';
import { WebhookEntity } from '../entities/webhook.entity.js';

export type NewWebhook = Pick<WebhookEntity, 'id' | 'owner' | 'url' | 'events' | 'description' | 'secret'>;

export interface NewSecret {
  readonly secret: string;
  /** How long the secret before it is valid, too. */
  readonly overlapS: number;
}

@Injectable()
export class WebhookRepository {
  constructor(@InjectRepository(WebhookEntity) private readonly rows: Repository<WebhookEntity>) {}

  async insert(webhook: NewWebhook): Promise<WebhookEntity> {
    await this.rows.insert(webhook);
    return this.rows.findOneByOrFail({ id: webhook.id });
  }

  count(owner: string): Promise<number> {
    return this.rows.countBy({ owner });
  }

  /** Oldest first. */
  findAll(owner: string): Promise<WebhookEntity[]> {
    return this.rows.find({ where: { owner }, order: { id: 'ASC' } });
  }

  find(owner: string, id: string): Promise<WebhookEntity | null> {
    return this.rows.findOneBy({ owner, id });
  }

  /** Null once it is deleted or disabled. */
  findActive(id: string): Promise<WebhookEntity | null> {
    return this.rows.findOneBy({ id, disabledAt: IsNull() });
  }

  /** Puts a secret in the place of the present one, which stays valid for a while; one before that ends. */
  async rotateSecret(owner: string, id: string, { secret, overlapS }: NewSecret): Promise<WebhookEntity | null> {
    await this.rows.query(
      `UPDATE webhooks SET secret = $3, previous_secret = secret, previous_secret_expires_at = now() + make_interval(secs => $4)
       WHERE owner = $1 AND id = $2`,
      [owner, id, secret, overlapS],
    );
    return this.find(owner, id);
  }

  async forgetExpiredSecrets(): Promise<void> {
    await this.rows.update(
      { previousSecretExpiresAt: LessThan(new Date()) },
      { previousSecret: null, previousSecretExpiresAt: null },
    );
  }

  /** With its deliveries. */
  async delete(owner: string, id: string): Promise<boolean> {
    const { affected } = await this.rows.delete({ id, owner });
    if (affected === 0) return false;
    // What is inserted or left meanwhile is deleted later, with what is old.
    await this.rows.query(`DELETE FROM webhook_deliveries WHERE webhook_id = $1`, [id]);
    return true;
  }

  /** Those with something to send. */
  async findDue(): Promise<WebhookEntity[]> {
    return this.rows
      .createQueryBuilder('webhook')
      .where('webhook.disabled_at IS NULL')
      .andWhere(
        `EXISTS (SELECT FROM webhook_deliveries due
                 WHERE due.webhook_id = webhook.id AND due.status = 'pending' AND due.next_attempt_at <= now())`,
      )
      .getMany();
  }
}
