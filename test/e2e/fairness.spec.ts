import parsePrometheusTextFormat from 'parse-prometheus-text-format';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AcceptedAnswer, ApiClient } from './support/client.js';
import { TestServer } from './support/server.js';

const [FLOOD, OTHER] = ['key-that-floods', 'another-key'];
const METRICS_KEY = 'metrics-key-of-this-test';
const FLOODED = 200;
const ROUNDS = 4;

let server: TestServer;

beforeAll(async () => {
  // A window that the flood takes whole, many times over.
  const env = { API_KEYS: `${FLOOD},${OTHER}`, QUEUE_CONCURRENCY: '8', METRICS_KEY };
  server = await TestServer.start({ env });
});

afterAll(() => server.stop());

const tokens = Array.from({ length: 128 }, (_, i) => 3 + (i % 200));
const data = [
  {
    model_input: { chunks: [{ type: 'encoded_text', tokens }] },
    loss_fn_inputs: { target_tokens: { data: tokens, dtype: 'int64', shape: [tokens.length] } },
  },
];
const forward = (client: ApiClient, modelId: string) =>
  client.post<AcceptedAnswer>('/fwd', { model_id: modelId, data });

it('a key that waits with a few requests is served before all that another one has sent', async () => {
  const flood = new ApiClient(server.api.url, FLOOD);
  const other = new ApiClient(server.api.url, OTHER);
  // Each key's first request makes its adapter.
  for (const client of [flood, other]) await client.forwardBackward({ model_id: 'mine', data });

  let settled = 0;
  const accepted = await Promise.all(Array.from({ length: FLOODED }, () => forward(flood, 'base')));
  const all = accepted.map(async ({ status, body }) => {
    expect(status).toBe(200);
    expect((await flood.retrieve(body.request_id)).status).toBe(200);
    settled++;
  });
  for (let round = 0; round < ROUNDS; round++) await other.forwardBackward({ model_id: 'mine', data });
  // Each beside a pass or two of the flood's, instead of behind all of them.
  expect(settled).toBeLessThan(FLOODED * 0.75);
  await Promise.all(all);

  const response = await fetch(`${server.api.url}/metrics`, { headers: { Authorization: `Bearer ${METRICS_KEY}` } });
  const families = parsePrometheusTextFormat(await response.text());
  const seconds = families.find(({ name }) => name === 'thinker_key_engine_seconds_total')!.metrics;
  expect(seconds).toHaveLength(2);
  for (const { value } of seconds) expect(Number(value)).toBeGreaterThan(0);
});
