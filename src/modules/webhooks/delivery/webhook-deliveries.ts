import { Injectable } from '@nestjs/common';
import { deleteInBatches } from '../../../common/periodic/delete-in-batches.js';
import { PeriodicWork } from '../../../common/periodic/periodic-work.js';
import { within } from '../../../common/concurrency/within.js';
import { type WebhookEntity } from '../entities/webhook.entity.js';
import { type ClaimedDelivery, DeliveryRepository } from '../repositories/delivery.repository.js';
import { WebhookRepository } from '../repositories/webhook.repository.js';
import { WebhookSender } from './webhook-sender.js';

const SWEEP_MS = 1000;
const HOUR_MS = 3_600_000;
/** Webhooks that this process serves at a time, and events that it sends to one of them at a time. */
const MAX_LANES = 32;
const LANE_WIDTH = 8;
const KEEP_DAYS = 30;
const DELETED_AT_ONCE = 1000;
/** How long a shutdown waits for attempts; one that is cut off is made again by another process. */
const MAX_STOP_MS = 3000;

/**
 * Sends what webhooks are to be told. Each one has a lane of its own, so a slow or dead receiver delays nobody else. Any
 * number of API processes share the work.
 */
@Injectable()
export class WebhookDeliveries extends PeriodicWork {
  private readonly lanes = new Map<string, Promise<void>>();
  private isStopping = false;
  protected readonly tasks = [
    this.task({ purpose: 'deliver to webhooks', intervalMs: SWEEP_MS }, () => this.sweep()),
    this.task({ purpose: 'delete old deliveries', intervalMs: HOUR_MS }, () => this.deleteOld()),
  ];

  constructor(
    private readonly webhooks: WebhookRepository,
    private readonly deliveries: DeliveryRepository,
    private readonly sender: WebhookSender,
  ) {
    super();
  }

  override async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    await super.onModuleDestroy();
    await within(MAX_STOP_MS, Promise.all(this.lanes.values()));
  }

  /** Makes one attempt, and records what came of it. False: it failed. */
  async deliver(webhook: WebhookEntity, delivery: ClaimedDelivery, isLast = false): Promise<boolean> {
    const attempt = await this.sender.attempt(webhook, delivery);
    await this.deliveries.record(delivery, isLast ? { ...attempt, retryMs: null } : attempt);
    if (attempt.disable !== null) this.logger.warn(`Webhook ${webhook.id} is disabled: ${attempt.disable}`);
    return attempt.error === null;
  }

  private async sweep(): Promise<void> {
    for (const webhook of await this.webhooks.findDue()) {
      if (this.lanes.size >= MAX_LANES || this.isStopping) return;
      if (this.lanes.has(webhook.id)) continue;
      const lane = this.runLane(webhook.id)
        .catch((error: unknown) => this.logger.warn(`Could not deliver to ${webhook.id}: ${String(error)}`))
        .finally(() => this.lanes.delete(webhook.id));
      this.lanes.set(webhook.id, lane);
    }
  }

  /** Sends what is due, by what the webhook is at the time; after a failure the next sweep goes on. */
  private async runLane(id: string): Promise<void> {
    while (!this.isStopping) {
      const webhook = await this.webhooks.findActive(id);
      if (webhook === null) return;
      const claimed = await this.deliveries.claim(id, LANE_WIDTH);
      const delivered = await Promise.all(claimed.map((delivery) => this.deliver(webhook, delivery)));
      if (claimed.length === 0 || delivered.includes(false)) return;
    }
  }

  private async deleteOld(): Promise<void> {
    await this.webhooks.forgetExpiredSecrets();
    await deleteInBatches(DELETED_AT_ONCE, (size) => this.deliveries.deleteOld(KEEP_DAYS, size));
  }
}
