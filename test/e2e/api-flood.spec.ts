import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRedis } from '../support/servers/test-redis.js';
import { waitFor } from '../support/wait-for.js';
import { TestServer } from './support/server.js';

const MB = 2 ** 20;
const COUNT = 40;
const BODY_MB = 5;
/** What the server may hold at once. */
const IN_FLIGHT_MB = 20;
/** The server's heap: 1.7 times what it needs for that, and two thirds of what it would need to hold all of them. */
const HEAP_MB = 160;
const isMissing = TestRedis.program === undefined;
const needs = isMissing ? ' (skipped: needs redis-server on the PATH)' : '';

const tokens = Array.from({ length: 60 }, (_, i) => i + 1);
const datum = {
  model_input: { chunks: [{ type: 'encoded_text', tokens }] },
  loss_fn_inputs: {
    target_tokens: { data: tokens, dtype: 'int64', shape: [tokens.length] },
    weights: { data: tokens.map((token) => 1 / (token + 1)), dtype: 'float32', shape: [tokens.length] },
  },
};
const one = JSON.stringify(datum);
const body = JSON.stringify({
  model_id: 'flooded',
  data: new Array(Math.ceil((BODY_MB * MB) / one.length)).fill(datum),
});

describe.skipIf(isMissing)(`a flood of large requests${needs}`, () => {
  let redis: TestRedis;
  let server: TestServer;
  let inserts: pg.Client;

  beforeAll(async () => {
    redis = await TestRedis.create();
    const limits = { BODIES_IN_FLIGHT_MB: String(IN_FLIGHT_MB), BODY_LIMIT_MB: '16' };
    const heap = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` };
    // No worker takes them: all of them wait.
    const roles = { REDIS_URL: redis.url, ROLE: 'api', ENGINE: '', ENGINE_THREADS: '' };
    server = await TestServer.start({ ready: 'healthz', env: { ...roles, ...limits, ...heap } });
    inserts = new pg.Client({ connectionString: server.database.url });
    await inserts.connect();
  });

  afterAll(async () => {
    await inserts.end();
    await server.stop();
    await redis.remove();
  });

  it('is refused in part and taken at last, in memory that does not grow with it', async () => {
    const refused: number[] = [];
    const sendOnce = async (seqId: number): Promise<void> => {
      const status = await send(server, seqId);
      if (status === 429) refused.push(seqId);
      else expect(status).toBe(200);
    };
    // Nothing is inserted meanwhile, so that whatever the server has taken stays in its memory.
    await inserts.query('BEGIN; LOCK TABLE futures IN SHARE MODE');
    const flood = Promise.all(Array.from({ length: COUNT }, (_, i) => sendOnce(i)));
    const most = IN_FLIGHT_MB / BODY_MB;
    const isHeld = waitFor('it refuses the others', () => refused.length >= COUNT - most, { timeout: 120_000 });
    await Promise.race([isHeld, flood]);
    await inserts.query('COMMIT');
    await flood;

    for (const seqId of refused) expect(await send(server, seqId)).toBe(200);
    expect(server.isRunning).toBe(true);
  });
});

/** The status of the answer. */
async function send({ api }: TestServer, seqId: number): Promise<number> {
  const response = await fetch(`${api.url}/fwdbwd`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: `{"seq_id":${seqId},${body.slice(1)}`,
  });
  await response.arrayBuffer();
  return response.status;
}
