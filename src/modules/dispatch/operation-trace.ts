import { type AppError } from '../../common/errors/app-error.js';
import { tracing } from '../../common/tracing/tracing.js';
import { type ClaimedOperation } from './steps/claims.js';

/**
 * Runs an operation within a span of the trace that its client's request belongs to, whatever has woken this worker. The
 * time that it waited in the queue is a span of its own before it.
 */
export function traceOperation<Outcome extends { readonly status: string; readonly error?: AppError }>(
  { row, claim }: ClaimedOperation,
  run: () => Promise<Outcome>,
): Promise<Outcome> {
  const active = tracing();
  if (active === null) return run();
  const { kind, traceparent, attempts, waited_s: waitedS } = row;
  const attributes = {
    'thinker.operation.kind': kind,
    'thinker.operation.id': row.request_id,
    'thinker.model_id': row.model_id,
    'thinker.base_model': row.base_model,
    'messaging.system': 'thinker',
    'messaging.destination.name': 'operations',
    'messaging.message.id': row.request_id,
  };
  if (attempts === 1) active.record({ name: `queue ${kind}`, parent: traceparent, attributes }, waitedS * 1000);
  const processing = {
    ...attributes,
    'messaging.operation.type': 'process',
    'messaging.consumer.group.name': claim.workerId,
    'thinker.operation.attempt': attempts,
  };
  const span = { name: `process ${kind}`, kind: 'consumer', parent: traceparent, attributes: processing } as const;
  return active.span(span, async (open) => {
    const outcome = await run();
    open.set({ 'thinker.operation.outcome': outcome.status });
    if (outcome.error !== undefined) {
      open.set({ 'error.type': outcome.error.code });
      open.fail(outcome.error.message);
    }
    return outcome;
  });
}
