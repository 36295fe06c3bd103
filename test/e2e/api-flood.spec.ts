import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pause } from '../support/pause.js';
import { TestRedis } from '../support/test-redis.js';
import { TestServer } from './support/server.js';

const MB = 2 ** 20;
/** The first flood shows what is needed at all, the second must not need more. */
const FIRST = 20;
const SECOND = 40;
const isMissing = TestRedis.program === undefined || !existsSync('/proc/self/status');
const needs = isMissing ? ' (skipped: needs redis-server on the PATH, and Linux)' : '';

/** About 5 MB as JSON. */
const tokens = Array.from({ length: 60 }, (_, i) => i + 1);
const datum = {
  model_input: { chunks: [{ type: 'encoded_text', tokens }] },
  loss_fn_inputs: {
    target_tokens: { data: tokens, dtype: 'int64', shape: [tokens.length] },
    weights: { data: tokens.map((token) => 1 / (token + 1)), dtype: 'float32', shape: [tokens.length] },
  },
};
const one = JSON.stringify(datum);
const body = JSON.stringify({ model_id: 'flooded', data: new Array(Math.ceil((5 * MB) / one.length)).fill(datum) });

describe.skipIf(isMissing)(`a flood of requests of 5 MB${needs}`, () => {
  let redis: TestRedis;
  let server: TestServer;

  beforeAll(async () => {
    redis = await TestRedis.create();
    const roles = { REDIS_URL: redis.url, BODIES_IN_FLIGHT_MB: '20', BODY_LIMIT_MB: '16' };
    // No worker takes them: all of them wait.
    server = await TestServer.start({
      ready: 'healthz',
      env: { ...roles, ROLE: 'api', ENGINE: '', ENGINE_THREADS: '' },
    });
  });

  afterAll(async () => {
    await server.stop();
    await redis.remove();
  });

  it('is refused in part and taken at last, in memory that does not grow with it', async () => {
    const flood = async (count: number, from: number): Promise<number> => {
      const refusals = Array.from({ length: count }, (_, i) => send(server, from + i));
      return (await Promise.all(refusals)).reduce((sum, refused) => sum + refused, 0);
    };
    expect(await flood(FIRST, 0)).toBeGreaterThan(0);
    const before = server.peakMemory;
    expect(await flood(SECOND, FIRST)).toBeGreaterThan(0);
    const grown = server.peakMemory - before;
    expect(grown).toBeLessThan((SECOND * body.length) / 2);
  });
});

/** Sends a request as often as it is refused; how often it was. */
async function send({ api }: TestServer, seqId: number): Promise<number> {
  for (let refusals = 0; ; refusals++) {
    const response = await fetch(`${api.url}/fwdbwd`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: `{"seq_id":${seqId},${body.slice(1)}`,
    });
    await response.arrayBuffer();
    if (response.status === 200) return refusals;
    expect(response.status).toBe(429);
    const seconds = Number(response.headers.get('retry-after'));
    await pause(seconds * 1000);
  }
}
