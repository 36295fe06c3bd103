import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRedis } from '../support/servers/test-redis.js';
import { TinkerClient } from '../support/service/tinker-client.js';
import { waitFor } from '../support/wait-for.js';
import { TestServer } from './support/server.js';

const POLLS = 2000;
const MODELS = 10;
const CONNECTIONS = 3;

const needsRedis = TestRedis.program === undefined ? ' (skipped: needs redis-server on the PATH)' : '';

/** Polls as a reinforcement-learning client sends them, to an API process that has no worker for a while. */
describe.skipIf(TestRedis.program === undefined)(`thousands of long polls${needsRedis}`, () => {
  let redis: TestRedis;
  let worker: TestServer;
  let server: TestServer;
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

  beforeAll(async () => {
    redis = await TestRedis.create();
    worker = await TestServer.start({ env: { ROLE: 'worker', REDIS_URL: redis.url } });
    const env = { ROLE: 'api', REDIS_URL: redis.url, ENGINE: '', ENGINE_THREADS: '', LONG_POLL_S: '44' };
    const pool = { DATABASE_POOL_SIZE: String(CONNECTIONS) };
    server = await TestServer.start({ joins: worker, env: { ...env, ...pool } });
  });

  afterAll(async () => {
    agent.destroy();
    await server.stop();
    await worker.stop();
    await redis.remove();
  });

  let sent = 0;

  /** One POST; counts as sent when its bytes have left. */
  const post = (path: string, body: object) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const headers = { 'Content-Type': 'application/json' };
      const call = request(`${server.api.url}/api/v1/${path}`, { method: 'POST', agent, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
      });
      call.on('error', reject);
      call.end(JSON.stringify(body), () => sent++);
    });

  it('are all answered, hold no session of Postgres each, and leave other routes free', async () => {
    const client = new TinkerClient(server.api.url, undefined);
    await client.begin();
    await worker.end('SIGTERM');
    const requests: string[] = [];
    for (let i = 0; i < MODELS; i++) requests.push((await client.createModel(i))[1]);

    let answered = 0;
    const polls = Array.from({ length: POLLS }, async (_, i) => {
      for (;;) {
        const answer = await post('retrieve_future', { request_id: requests[i % MODELS] });
        if (answer.status === 408) continue; // as the SDK does
        answered++;
        return answer;
      }
    });
    await waitFor('all polls on their way', () => sent >= POLLS);
    for (let round = 0; round < 10; round++) {
      expect((await server.api.get('/healthz')).status).toBe(200);
      expect((await client.get(`sessions/${client.sessionId}`)).body['training_run_ids']).toHaveLength(MODELS);
      const sessions = await server.database.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'thinker api'`,
      );
      expect(sessions.length).toBeLessThanOrEqual(CONNECTIONS);
    }
    expect(answered).toBe(0);

    await worker.launch();
    const answers = await Promise.all(polls);
    const expected = requests.map((_, i) => ({ model_id: `${client.sessionId}:train:${i}`, type: 'create_model' }));
    answers.forEach(({ status, body }, i) => {
      expect(status).toBe(200);
      expect(JSON.parse(body)).toEqual(expected[i % MODELS]);
    });
  });
});
