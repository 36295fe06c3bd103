import { Counter, Histogram, type Registry } from 'prom-client';
import {
  operationClaimed,
  operationReturned,
  operationSettled,
  type OperationSettled,
} from '../../../common/probes.js';
import { type Usage } from '../../../domain/usage.js';
import { BoundedLabels } from '../bounded-labels.js';

/** Operations wait and run from milliseconds to hours. */
const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200];
/** How a request without a key is shown. */
export const NO_KEY = 'none';

/** What this worker claims and settles. */
export function measureOperations(registry: Registry, maxKeys: number): () => void {
  const registers = [registry];
  const waited = new Histogram({
    name: 'thinker_operation_wait_seconds',
    help: 'Time from the acceptance of an operation to its first claim by a worker.',
    labelNames: ['kind'],
    buckets: SECONDS,
    registers,
  });
  const ran = new Histogram({
    name: 'thinker_operation_run_seconds',
    help: 'Time from the claim of an operation to its stored outcome.',
    labelNames: ['kind'],
    buckets: SECONDS,
    registers,
  });
  const returned = new Counter({
    name: 'thinker_operations_returned_total',
    help: 'Operations put back into their queue: the engine was lost, the database was away, or the disk was full.',
    labelNames: ['reason'],
    registers,
  });
  const count = outcomeCounters(registry, maxKeys);
  const ends = [
    operationClaimed.subscribe(({ kind, waitedS }) => waited.observe({ kind }, waitedS)),
    operationReturned.subscribe(({ reason }) => returned.inc({ reason })),
    operationSettled.subscribe((settled) => {
      ran.observe({ kind: settled.kind }, settled.seconds);
      count(settled);
    }),
  ];
  return () => ends.forEach((end) => end());
}

function outcomeCounters(registry: Registry, maxKeys: number): (settled: OperationSettled) => void {
  const registers = [registry];
  const settled = new Counter({
    name: 'thinker_operations_total',
    help: 'Operations settled by this worker, by kind and outcome.',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const failed = new Counter({
    name: 'thinker_operation_failures_total',
    help: 'Operations that failed, by kind and error code.',
    labelNames: ['kind', 'code'],
    registers,
  });
  const tokens = new Counter({
    name: 'thinker_tokens_total',
    help: 'Tokens of completed operations: read as a prompt, trained on, or sampled.',
    labelNames: ['type'],
    registers,
  });
  const ofKeys = keyCounters(registry, maxKeys);
  return (event) => {
    const { kind, errorCode, usage } = event;
    settled.inc({ kind, outcome: errorCode === null ? 'completed' : 'failed' });
    if (errorCode !== null) failed.inc({ kind, code: errorCode });
    for (const [type, amount] of amounts(usage)) tokens.inc({ type }, amount);
    ofKeys(event);
  };
}

function keyCounters(registry: Registry, maxKeys: number): (settled: OperationSettled) => void {
  const registers = [registry];
  const operations = new Counter({
    name: 'thinker_key_operations_total',
    help: 'Operations settled, by the id of the API key (METRICS_MAX_KEYS of them, all others together).',
    labelNames: ['key'],
    registers,
  });
  const tokens = new Counter({
    name: 'thinker_key_tokens_total',
    help: 'Tokens of completed operations, by the id of the API key (METRICS_MAX_KEYS of them, all others together).',
    labelNames: ['key', 'type'],
    registers,
  });
  const labels = new BoundedLabels(maxKeys);
  return ({ owner, usage }) => {
    const key = labels.of(owner === '' ? NO_KEY : owner);
    operations.inc({ key });
    for (const [type, amount] of amounts(usage)) tokens.inc({ key, type }, amount);
  };
}

function amounts({ promptTokens, trainedTokens, sampledTokens }: Usage): [string, number][] {
  return [
    ['prompt', promptTokens],
    ['trained', trainedTokens],
    ['sampled', sampledTokens],
  ];
}
