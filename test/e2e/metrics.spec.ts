import parsePrometheusTextFormat, { type ParsedFamily, type ParsedMetric } from 'parse-prometheus-text-format';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { ApiClient, type ErrorAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

const ADMIN = 'operator-key-of-this-test';
const SCRAPER = 'metrics-key-of-this-test';
const [FIRST, SECOND] = ['first-key-of-this-test', 'second-key-of-this-test'];

let server: TestServer;

beforeAll(async () => {
  const env = {
    API_KEYS: `${FIRST},${SECOND}`,
    ADMIN_KEYS: ADMIN,
    METRICS_KEY: SCRAPER,
    METRICS_MAX_KEYS: '1',
    SNAPSHOT_INTERVAL_S: '0',
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'log',
  };
  server = await TestServer.start({ env });
});

afterAll(() => server.stop());

const scrape = (headers: Record<string, string>) => fetch(`${server.api.url}/metrics`, { headers });

/** The text of a scrape, and what somebody else's parser reads in it, by name. */
async function read(): Promise<{ text: string; metrics: ReadonlyMap<string, ParsedFamily> }> {
  const response = await scrape({ Authorization: `Bearer ${SCRAPER}` });
  expect(response.headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await response.text();
  return { text, metrics: new Map(parsePrometheusTextFormat(text).map((family) => [family.name, family])) };
}

type Labels = Readonly<Record<string, string>>;

function find(metrics: ReadonlyMap<string, ParsedFamily>, name: string, labels: Labels = {}): ParsedMetric {
  const found = metrics.get(name)?.metrics.find((metric) => {
    return Object.entries(labels).every(([label, value]) => metric.labels?.[label] === value);
  });
  if (!found) throw new Error(`there is no ${name} ${JSON.stringify(labels)}`);
  return found;
}

it('count exactly what was trained and sampled', async () => {
  const first = new ApiClient(server.api.url, FIRST);
  const second = new ApiClient(server.api.url, SECOND);
  const datum = (tokens: readonly number[]) => ({
    model_input: { chunks: [{ type: 'encoded_text', tokens }] },
    loss_fn_inputs: { target_tokens: { data: tokens, dtype: 'int64', shape: [tokens.length] } },
  });
  await first.forwardBackward({ model_id: 'counted', data: [datum([10, 20, 30]), datum([40, 50])] });
  await first.optimStep('counted');
  const failed = await first.post<{ request_id: string }>('/optim_step', { model_id: 'counted' });
  expect((await first.retrieve<ErrorAnswer>(failed.body.request_id)).status).toBe(400);
  await first.generate({ model_id: 'counted', prompt: 'Hello', max_new_tokens: 4, temperature: 0, stop: [] });
  const { usage } = await second.generate({ model_id: 'base', prompt: 'Hello', max_new_tokens: 4, temperature: 0 });

  const { text, metrics } = await read();
  const value = (name: string, labels?: Labels) => Number(find(metrics, name, labels).value);
  const count = (name: string) => Number(find(metrics, name).count);
  expect(value('thinker_tokens_total', { type: 'trained' })).toBe(5);
  const sampled = value('thinker_tokens_total', { type: 'sampled' });
  expect(sampled).toBe(
    value('thinker_key_tokens_total', { key: 'other', type: 'sampled' }) +
      Number(metrics.get('thinker_key_tokens_total')!.metrics.find((m) => m.labels?.['type'] === 'sampled')?.value),
  );
  expect(value('thinker_key_tokens_total', { key: 'other', type: 'sampled' })).toBe(usage.completion_tokens);
  expect(value('thinker_key_tokens_total', { key: 'other', type: 'prompt' })).toBe(usage.prompt_tokens);
  expect(value('thinker_operations_total', { kind: 'forward_backward', outcome: 'completed' })).toBe(1);
  expect(value('thinker_operations_total', { kind: 'optim_step', outcome: 'failed' })).toBe(1);
  expect(value('thinker_operation_failures_total', { kind: 'optim_step' })).toBe(1);
  // The parser gives up the labels of histograms.
  expect(text).toContain('\nthinker_operation_wait_seconds_count{kind="generate"} 2\n');
  expect(text).toContain('\nthinker_operation_run_seconds_count{kind="generate"} 2\n');
  expect(count('thinker_engine_pass_seconds')).toBe(1);
  expect(Number(find(metrics, 'thinker_engine_pass_tokens').sum)).toBe(5);
  // One of them failed for want of gradients.
  expect(count('thinker_engine_optimizer_step_seconds')).toBe(2);
  expect(count('thinker_engine_decode_step_seconds')).toBeGreaterThan(0);
  expect(value('thinker_engine_weights_resident', { type: 'adapter' })).toBe(1);
  expect(count('thinker_snapshot_write_seconds')).toBeGreaterThan(0);
  expect(count('thinker_adapter_restore_seconds')).toBe(1);
  expect(value('thinker_adapters')).toBe(1);
  expect(value('thinker_workers_alive')).toBe(1);
  expect(value('thinker_http_requests_total', { method: 'POST', route: '/fwdbwd', status: '200' })).toBe(1);
});

it('are offered as OpenMetrics to those who ask for it', async () => {
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
  const response = await scrape({ Authorization: `Bearer ${SCRAPER}`, Accept: accept });
  expect(response.headers.get('Content-Type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  const text = await response.text();
  expect(text).toContain('# TYPE thinker_tokens counter\nthinker_tokens_total{type="prompt"}');
  expect(text).toMatch(/\n# EOF\n$/);
});

it('are for operators and the holder of the key for metrics', async () => {
  const basic = (key: string) => ({ Authorization: `Basic ${Buffer.from(`any:${key}`).toString('base64')}` });
  const statuses = [{}, { 'X-API-Key': FIRST }, { 'X-API-Key': ADMIN }, basic(SCRAPER), basic('no')].map(
    async (headers) => (await scrape(headers as Record<string, string>)).status,
  );
  expect(await Promise.all(statuses)).toEqual([401, 401, 200, 200, 401]);
  // The key for metrics opens nothing else.
  expect((await new ApiClient(server.api.url, SCRAPER).get('/futures')).status).toBe(401);
});

it('show no key', async () => {
  const text = await (await scrape({ Authorization: `Bearer ${SCRAPER}` })).text();
  for (const key of [ADMIN, SCRAPER, FIRST, SECOND]) expect(text).not.toContain(key);
});

it('are accompanied by logs of JSON that name request, operation and owner, and no key', async () => {
  const headers = { 'X-API-Key': FIRST, 'X-Request-Id': 'of-the-client', 'Content-Type': 'application/json' };
  const body = JSON.stringify({ model_id: 'base', prompt: 'Confidential', max_new_tokens: 1, async: true });
  const answer = await fetch(`${server.api.url}/generate`, { method: 'POST', headers, body });
  expect(answer.headers.get('X-Request-Id')).toBe('of-the-client');
  const { request_id: operation } = (await answer.json()) as { request_id: string };
  const lineOfRequest = () =>
    server.log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find(({ request_id: id }) => id === 'of-the-client');
  await waitFor('the line of the request', () => lineOfRequest() !== undefined);
  expect(lineOfRequest()).toMatchObject({
    level: 'log',
    context: 'Http',
    operation_id: operation,
    owner: expect.stringMatching(/^key_[0-9a-f]{16}$/) as unknown,
  });
  for (const secret of [ADMIN, SCRAPER, FIRST, SECOND, 'Confidential']) expect(server.log).not.toContain(secret);
});

it('replace an id that could forge a line of the log', async () => {
  const response = await scrape({ 'X-Request-Id': 'a b' });
  expect(response.headers.get('X-Request-Id')).toMatch(/^req_\w{26}$/);
});
