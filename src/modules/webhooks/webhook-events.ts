/** What a webhook can ask to be told of. The names of jobs' events are OpenAI's. */
export const WEBHOOK_EVENTS = [
  'future.completed',
  'future.failed',
  'fine_tuning.job.succeeded',
  'fine_tuning.job.failed',
  'fine_tuning.job.cancelled',
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** Sent by the route that tests a webhook, whatever it asks for. */
export const PING_EVENT = 'webhook.ping';
