export { TELL_WEBHOOKS_OF_FUTURES, tellWebhooksOfJobs } from './outbox-sql.js';
export { WebhooksModule } from './webhooks.module.js';
