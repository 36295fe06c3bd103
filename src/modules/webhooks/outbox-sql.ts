/**
 * SQL: parts of a WITH that record what webhooks are to be told, in the transaction that makes it true. A webhook that is
 * disabled is told nothing.
 */

const recordFor = (row: string, event: string, data: string): string => `
  INSERT INTO webhook_deliveries (id, webhook_id, event, data)
  SELECT 'evt_' || replace(gen_random_uuid()::text, '-', ''), webhook.id, ${event}, ${data}
  FROM ${row} JOIN webhooks webhook ON webhook.owner = ${row}.owner AND webhook.disabled_at IS NULL
    AND ${event} = ANY (webhook.events)`;

/** Of the settled futures in `done`, which has their request_id, owner, kind, model_id, status and error. */
export const TELL_WEBHOOKS_OF_FUTURES = `told AS (${recordFor(
  'done',
  `'future.' || done.status`,
  `jsonb_build_object(
     'id', done.request_id, 'kind', done.kind, 'model_id', done.model_id, 'status', done.status,
     'error', CASE WHEN done.status = 'failed' THEN jsonb_build_object(
       'code', done.error->>'code', 'category', done.error->>'category', 'message', done.error->>'message') END)`,
)})`;

/** Of the jobs in `changed`, which has their id and owner. `status`: SQL of the state they enter, null for none. */
export const tellWebhooksOfJobs = (status: string): string =>
  `told AS (${recordFor(
    'changed',
    `'fine_tuning.job.' || ${status}`,
    `jsonb_build_object('id', changed.id, 'status', ${status})`,
  )})`;
