import { createHmac, randomBytes } from 'node:crypto';
import { type WebhookEntity } from '../entities/webhook.entity.js';

/** What deliveries are signed with. */
type WebhookSecrets = Pick<WebhookEntity, 'secret' | 'previousSecret' | 'previousSecretExpiresAt'>;

const PREFIX = 'whsec_';

/** A secret as Standard Webhooks writes it. */
export function newWebhookSecret(): string {
  return PREFIX + randomBytes(32).toString('base64');
}

/** The secrets that count at this time, the newest first. */
export function validSecrets(webhook: WebhookSecrets, at: Date): string[] {
  const { secret, previousSecret, previousSecretExpiresAt } = webhook;
  const isPreviousValid = previousSecret !== null && previousSecretExpiresAt !== null && previousSecretExpiresAt > at;
  return isPreviousValid ? [secret, previousSecret] : [secret];
}

/**
 * The headers by which a receiver knows that a body is from us, and when it was sent: with a signature by each secret, of
 * which a receiver needs to know one.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signedHeaders(
  secrets: readonly string[],
  id: string,
  sentAt: Date,
  body: string,
): Record<string, string> {
  const timestamp = String(Math.floor(sentAt.getTime() / 1000));
  const signatures = secrets.map((secret) => `v1,${sign(secret, `${id}.${timestamp}.${body}`)}`);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

function sign(secret: string, content: string): string {
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  return createHmac('sha256', key).update(content).digest('base64');
}
