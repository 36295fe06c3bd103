import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { currentOwner } from '../../common/caller.js';
import { NotFoundError } from '../../common/errors/request.errors.js';
import { AppConfig } from '../../config/app-config.js';
import { WebhookDeliveries } from './delivery/webhook-deliveries.js';
import { checkWebhookUrl } from './delivery/webhook-address.js';
import { newWebhookSecret } from './delivery/webhook-signature.js';
import { type DeliveryStatus, type WebhookDeliveryEntity } from './entities/webhook-delivery.entity.js';
import { type WebhookEntity } from './entities/webhook.entity.js';
import { TooManyWebhooksError } from './errors/webhook.errors.js';
import { DeliveryRepository } from './repositories/delivery.repository.js';
import { type NewWebhook, WebhookRepository } from './repositories/webhook.repository.js';
import { PING_EVENT } from './webhook-events.js';

/** Each settled operation is compared with all of its owner's. */
const MAX_WEBHOOKS = 20;

/** Which page of a webhook's deliveries. */
export interface DeliveryPage {
  readonly status?: DeliveryStatus;
  readonly position?: number;
  readonly limit: number;
}

/** The webhooks of the caller. */
@Injectable()
export class WebhooksService {
  constructor(
    private readonly config: AppConfig,
    private readonly webhooks: WebhookRepository,
    private readonly rows: DeliveryRepository,
    private readonly deliveries: WebhookDeliveries,
  ) {}

  /** @throws WebhookUrlError, TooManyWebhooksError */
  async create(webhook: Pick<NewWebhook, 'url' | 'events' | 'description'>): Promise<WebhookEntity> {
    checkWebhookUrl(webhook.url, this.config.webhooksAllowPrivate);
    const owner = currentOwner();
    if ((await this.webhooks.count(owner)) >= MAX_WEBHOOKS) throw new TooManyWebhooksError(MAX_WEBHOOKS);
    return this.webhooks.insert({ ...webhook, id: `wh_${ulid()}`, owner, secret: newWebhookSecret() });
  }

  list(): Promise<WebhookEntity[]> {
    return this.webhooks.findAll(currentOwner());
  }

  /** @throws NotFoundError */
  async get(id: string): Promise<WebhookEntity> {
    const webhook = await this.webhooks.find(currentOwner(), id);
    if (webhook === null) throw new NotFoundError('Webhook', id);
    return webhook;
  }

  /** A new secret; the present one stays valid for `overlapS` seconds. @throws NotFoundError */
  async rotateSecret(id: string, overlapS: number): Promise<WebhookEntity> {
    const webhook = await this.webhooks.rotateSecret(currentOwner(), id, { secret: newWebhookSecret(), overlapS });
    if (webhook === null) throw new NotFoundError('Webhook', id);
    return webhook;
  }

  /** What is on its way to it is not sent any more. @throws NotFoundError */
  async delete(id: string): Promise<void> {
    if (!(await this.webhooks.delete(currentOwner(), id))) throw new NotFoundError('Webhook', id);
  }

  /** Sends an event at once, and once only; a success enables a disabled webhook again. @throws NotFoundError */
  async ping(id: string): Promise<WebhookDeliveryEntity> {
    const webhook = await this.get(id);
    const claimed = await this.rows.insertClaimed(`evt_${ulid().toLowerCase()}`, webhook.id, PING_EVENT);
    await this.deliveries.deliver(webhook, claimed, true);
    return this.rows.get(claimed.id);
  }

  /** Newest first. @throws NotFoundError */
  async listDeliveries(id: string, page: DeliveryPage): Promise<WebhookDeliveryEntity[]> {
    const webhook = await this.get(id);
    return this.rows.findPage(webhook.id, page);
  }
}
