import { type DeliveryDto, type WebhookDto } from './dto/webhook.dto.js';
import { type WebhookDeliveryEntity } from './entities/webhook-delivery.entity.js';
import { type WebhookEntity } from './entities/webhook.entity.js';

export function presentWebhook(webhook: WebhookEntity): WebhookDto {
  const { id, url, events, description, createdAt, failingSince, disabledAt, disabledReason } = webhook;
  const previousEnd = webhook.previousSecretExpiresAt;
  const isPreviousValid = previousEnd !== null && previousEnd.getTime() > Date.now();
  return {
    id,
    url,
    events,
    description,
    status: disabledAt === null ? 'active' : 'disabled',
    disabled_reason: disabledReason,
    failing_since: failingSince?.toISOString() ?? null,
    previous_secret_expires_at: isPreviousValid ? previousEnd.toISOString() : null,
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
