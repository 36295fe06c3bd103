import { EVENT_CHANNELS } from '../../../events/event-bus.js';
import { countTokens } from '../../keys/index.js';
import { type OperationEffect } from '../../../operations/operation-outcome.js';

/** SQL: did row `futures` do to its adapter what it says? Of those that failed, only a FailedWithEffectError has a digest. */
export const TOOK_EFFECT = `(futures.status = 'completed' OR futures.status = 'failed' AND futures.digest IS NOT NULL)`;

/** SQL: did the operation that wrote row `snapshot` take effect (or is it so old that it is forgotten)? */
export const SNAPSHOT_IS_USABLE = `NOT EXISTS (
  SELECT FROM futures WHERE futures.position = snapshot.position AND NOT ${TOOK_EFFECT})`;

/** A further part of the statement that settles a request; the three parameters from `first` on are the tokens. */
export const countUsage = (first: number): string => `, counted AS (
  INSERT INTO usage_hours AS used (owner, hour, session_id, model_id, base_model, kind, requests, prompt_tokens,
                                   trained_tokens, sampled_tokens, running_ms)
  SELECT owner, date_trunc('hour', finished_at, 'UTC'), coalesce(session_id, ''), model_id, base_model, kind, 1,
         $${first}::bigint, $${first + 1}::bigint, $${first + 2}::bigint,
         round(extract(epoch FROM finished_at - started_at) * 1000) FROM done
  ON CONFLICT ON CONSTRAINT usage_hours_pkey DO UPDATE SET
    requests = used.requests + 1,
    prompt_tokens = used.prompt_tokens + excluded.prompt_tokens,
    trained_tokens = used.trained_tokens + excluded.trained_tokens,
    sampled_tokens = used.sampled_tokens + excluded.sampled_tokens,
    running_ms = used.running_ms + excluded.running_ms)${countTokens(`$${first + 1}::bigint + $${first + 2}::bigint`)}`;

/** A further part of the statement that settles a request: the figures in the adapter's row ($4). */
export function applyEffectToAdapter({ step, hasGradients }: OperationEffect): string {
  const figures = [
    ...(step === undefined ? [] : [`step = ${step}`]),
    ...(hasGradients === undefined ? [] : [`has_gradients = ${hasGradients}`]),
    'last_used_at = now()',
  ];
  return `, shown AS (UPDATE adapters SET ${figures.join(', ')} WHERE id = $4 AND EXISTS (SELECT FROM done))`;
}

/** The end of a statement that settles requests: wakes who waits for the rows in `done`, in the same transaction. */
export const NOTIFY_WAITERS = `
  SELECT pg_notify('${EVENT_CHANNELS.futureSettled}', request_id),
         CASE WHEN sampler_id IS NOT NULL THEN pg_notify('${EVENT_CHANNELS.futureSettled}', sampler_id) END FROM done`;
