import { type DeliveryDto, type WebhookDto } from './dto/webhook.dto.js';
import { type WebhookDeliveryEntity } from './entities/webhook-delivery.entity.js';
import { type WebhookEntity } from './entities/webhook.entity.js';

export function presentWebhook(webhook: WebhookEntity): WebhookDto {
  const { id, url, events, description, createdAt, failingSince, disabledAt, disabledReason } = webhook;
  return {
    id,
    url,
    events,
    description,
    status: disabledAt === null ? 'active' : 'disabled',
    disabled_reason: disabledReason,
    failing_since: failingSince?.toISOString() ?? null,
    created_at: createdAt.toISOString(),
  };
}

export function presentDelivery(delivery: WebhookDeliveryEntity): DeliveryDto {
  const { id, event, status, attempts, responseStatus, error, createdAt, nextAttemptAt, finishedAt } = delivery;
  return {
    id,
    event,
    status,
    attempts,
    response_status: responseStatus,
    error,
    created_at: createdAt.toISOString(),
    next_attempt_at: status === 'pending' ? nextAttemptAt.toISOString() : null,
    finished_at: finishedAt?.toISOString() ?? null,
  };
}
