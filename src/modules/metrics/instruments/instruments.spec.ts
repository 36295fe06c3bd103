import parsePrometheusTextFormat from 'parse-prometheus-text-format';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { operationClaimed, operationSettled, requestAnswered, snapshotWritten } from '../../../common/probes.js';
import { DistributionCounter } from '../../../domain/distribution.js';
import { NO_USAGE } from '../../../domain/usage.js';
import { measureOperations } from './operation-metrics.js';
import { ReadHistogram } from './read-metrics.js';
import { measureRequests } from './request-metrics.js';
import { measureStates } from './state-metrics.js';

const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

/** What somebody else's parser reads, by name. */
async function read(registry: Registry) {
  return new Map(parsePrometheusTextFormat(await registry.metrics()).map((family) => [family.name, family]));
}

const settled = { kind: 'optim_step', owner: '', errorCode: null, seconds: 0.2, usage: NO_USAGE } as const;

describe('operations', () => {
  it('are counted by kind, outcome and error code, with their tokens', async () => {
    const registry = new Registry();
    ends.push(measureOperations(registry, 10));
    operationClaimed.publish({ kind: 'optim_step', waitedS: 0.4 });
    operationSettled.publish(settled);
    operationSettled.publish({ ...settled, errorCode: 'no_gradients' });
    const usage = { promptTokens: 3, trainedTokens: 5, sampledTokens: 7 };
    operationSettled.publish({ ...settled, kind: 'forward_backward', usage });
    const metrics = await read(registry);
    expect(metrics.get('thinker_operations_total')?.metrics).toEqual([
      { labels: { kind: 'optim_step', outcome: 'completed' }, value: '1' },
      { labels: { kind: 'optim_step', outcome: 'failed' }, value: '1' },
      { labels: { kind: 'forward_backward', outcome: 'completed' }, value: '1' },
    ]);
    expect(metrics.get('thinker_operation_failures_total')?.metrics).toEqual([
      { labels: { kind: 'optim_step', code: 'no_gradients' }, value: '1' },
    ]);
    expect(metrics.get('thinker_tokens_total')?.metrics).toEqual([
      { labels: { type: 'prompt' }, value: '3' },
      { labels: { type: 'trained' }, value: '5' },
      { labels: { type: 'sampled' }, value: '7' },
    ]);
    expect(metrics.get('thinker_operation_wait_seconds')?.metrics[0]?.buckets).toMatchObject({
      '0.1': '0',
      '0.5': '1',
    });
  });

  it('of 200 keys have no more series than are allowed, and none is lost', async () => {
    const registry = new Registry();
    ends.push(measureOperations(registry, 50));
    const usage = { ...NO_USAGE, trainedTokens: 2 };
    for (let i = 0; i < 200; i++) operationSettled.publish({ ...settled, owner: `key_${i}`, usage });
    const metrics = await read(registry);
    const operations = metrics.get('thinker_key_operations_total')!.metrics;
    expect(operations).toHaveLength(51);
    expect(operations.at(-1)).toEqual({ labels: { key: 'other' }, value: '150' });
    const tokens = metrics.get('thinker_key_tokens_total')!.metrics;
    expect(tokens).toHaveLength(51 * 3);
    expect(tokens.find(({ labels }) => labels?.['key'] === 'other' && labels['type'] === 'trained')?.value).toBe('300');
  });
});

it('requests are told apart by route, not by path', async () => {
  const registry = new Registry();
  ends.push(measureRequests(registry));
  requestAnswered.publish({ method: 'GET', route: '/futures/:id', status: 200, seconds: 0.01 });
  requestAnswered.publish({ method: 'GET', route: null, status: 404, seconds: 0.01 });
  expect((await read(registry)).get('thinker_http_requests_total')?.metrics).toEqual([
    { labels: { method: 'GET', route: '/futures/:id', status: '200' }, value: '1' },
    { labels: { method: 'GET', route: 'none', status: '404' }, value: '1' },
  ]);
});

it('snapshots that fail are counted beside those that are written', async () => {
  const registry = new Registry();
  ends.push(measureStates(registry));
  snapshotWritten.publish({ seconds: 1, bytes: 1000 });
  snapshotWritten.publish({ seconds: 2, bytes: null });
  const metrics = await read(registry);
  expect(metrics.get('thinker_snapshot_write_seconds')?.metrics[0]).toMatchObject({ count: '2', sum: '3' });
  expect(metrics.get('thinker_snapshot_written_bytes_total')?.metrics[0]?.value).toBe('1000');
  expect(metrics.get('thinker_snapshot_failures_total')?.metrics[0]?.value).toBe('1');
});

it('histograms that are counted elsewhere read like those of the library', async () => {
  const registry = new Registry();
  const counter = new DistributionCounter([1, 4]);
  for (const value of [1, 3, 9]) counter.add(value);
  const description = { name: 'adapters', help: 'Of a pass.' };
  new ReadHistogram({ registry, ...description }, () => Promise.resolve(counter.distribution));
  expect((await read(registry)).get('adapters')?.metrics).toEqual([
    { buckets: { '1': '1', '4': '2', '+Inf': '3' }, count: '3', sum: '13' },
  ]);
});

it('what is unknown is left out', async () => {
  const registry = new Registry();
  new ReadHistogram({ registry, name: 'adapters', help: 'Of a pass.' }, () => Promise.resolve(undefined));
  expect(await registry.metrics()).toBe('# HELP adapters Of a pass.\n# TYPE adapters histogram\n');
});
