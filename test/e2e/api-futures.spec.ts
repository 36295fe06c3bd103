import { EventSource } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRedis } from '../support/servers/test-redis.js';
import { waitFor } from '../support/wait-for.js';
import { TestServer } from './support/server.js';

/** One request while it is open: followed by an EventSource that nobody here wrote, cancelled, or given up at its deadline. */
const needsRedis = TestRedis.program === undefined ? ' (skipped: needs redis-server on the PATH)' : '';
const NAMES = ['queued', 'progress', 'claimed', 'running', 'completed', 'failed'];

interface Seen {
  readonly name: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

describe.skipIf(TestRedis.program === undefined)(`one request${needsRedis}`, () => {
  let redis: TestRedis;
  let worker: TestServer;
  let server: TestServer;
  let creation: string;

  beforeAll(async () => {
    redis = await TestRedis.create();
    const env = { ROLE: 'api', REDIS_URL: redis.url, ENGINE: '', ENGINE_THREADS: '', SHUTDOWN_GRACE_S: '30' };
    server = await TestServer.start({ env, ready: 'healthz' });
  });

  afterAll(async () => {
    await worker.stop();
    await server.stop();
    await redis.remove();
  });

  const accept = async (path: string, body: object, headers: Record<string, string> = {}): Promise<string> => {
    const answer = await fetch(server.api.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return String(((await answer.json()) as Record<string, unknown>)['request_id']);
  };
  const future = async (id: string) => (await server.api.get(`/futures/${id}`)).body;
  const cancel = (id: string) => server.api.post(`/futures/${id}/cancel`, {});
  const result = (request_id: string) => server.api.post('/retrieve_future', { request_id, wait_ms: 60_000 });
  const LONG = { model_id: 'm', prompt: 'Tell a long story', num_samples: 64, max_tokens: 900, async: true };

  /** Reads until the server closes the stream for good, as a browser would. */
  const follow = (id: string): { seen: Seen[]; ended: Promise<void> } => {
    const source = new EventSource(`${server.api.url}/futures/${id}/events`);
    const seen: Seen[] = [];
    for (const name of NAMES) {
      source.addEventListener(name, (event) => {
        const message = event as MessageEvent;
        seen.push({ name, id: message.lastEventId, data: JSON.parse(String(message.data)) as Seen['data'] });
      });
    }
    return {
      seen,
      ended: waitFor('the end of the events', () => source.readyState === EventSource.CLOSED, { timeout: 60_000 }),
    };
  };
  const namesOf = (seen: readonly Seen[]) => seen.map(({ name }) => name).filter((name) => name !== 'progress');

  it('that is pending is cancelled for certain, unless the server needs it', async () => {
    creation = await accept('/adapters', { model_id: 'm', lora_config: { rank: 2 } });
    const id = await accept('/optim_step', { model_id: 'm' });
    const { seen, ended } = follow(id);
    expect((await cancel(id)).body).toMatchObject({ status: 'failed', error: { code: 'cancelled' }, attempts: 0 });
    expect((await cancel(id)).status).toBe(200);
    expect((await cancel(creation)).body).toMatchObject({ error: { code: 'not_cancellable' }, status_code: 409 });
    expect((await cancel('future_unknown')).status).toBe(404);
    await ended;
    expect(namesOf(seen)).toEqual(['queued', 'failed']);
    expect(seen.at(-1)).toMatchObject({ data: { error: { code: 'cancelled' } } });
  });

  it('that is pending at its deadline fails, though no worker is alive', async () => {
    const id = await accept('/optim_step', { model_id: 'm' }, { 'X-Timeout-Ms': '50' });
    expect(await result(id)).toMatchObject({ status: 504, body: { error: { code: 'deadline_exceeded' } } });
    expect(await future(id)).toMatchObject({ attempts: 0, started_at: null });
    const wrong = await fetch(`${server.api.url}/optim_step`, { method: 'POST', headers: { 'X-Timeout-Ms': 'soon' } });
    expect(await wrong.json()).toMatchObject({
      error: { code: 'invalid_request', details: { field: 'X-Timeout-Ms' } },
    });
  });

  it('is followed from the queue to its result, and EventSource is told when there is no more', async () => {
    const id = await accept('/generate', { ...LONG, num_samples: 1, max_tokens: 4 });
    const { seen, ended } = follow(id);
    await waitFor('its position', () => seen.some(({ data }) => data['queue_position'] === 1));
    worker = await TestServer.start({ joins: server, env: { ROLE: 'worker', REDIS_URL: redis.url } });
    await ended;
    expect(namesOf(seen)).toEqual(['queued', 'claimed', 'running', 'completed']);
    const { path, body } = seen.at(-1)!.data['result'] as { path: string; body: object };
    expect((await server.api.post(path, body)).body).toMatchObject({ request_id: id, status: 'completed' });
    // From the middle on, for one who has some.
    const ids = seen.filter(({ name }) => name !== 'progress').map((event) => event.id);
    const headers = { 'Last-Event-ID': ids[1]! };
    const rest = await (await fetch(`${server.api.url}/futures/${id}/events`, { headers })).text();
    expect(rest.match(/^(id|event): .*$/gm)).toEqual([
      `id: ${ids[2]}`,
      'event: running',
      `id: ${ids[3]}`,
      'event: completed',
    ]);
    expect((await cancel(id)).body).toMatchObject({ error: { code: 'already_settled' }, status_code: 409 });
    expect((await server.api.get('/futures/future_unknown/events')).status).toBe(404);
  });

  it('that runs and changes nothing stops when it is cancelled, and at its deadline', async () => {
    const id = await accept('/generate', LONG);
    await waitFor('the sample to run', async () => (await future(id))['status'] === 'running');
    expect(await cancel(id)).toMatchObject({ status: 200, body: { status: 'failed', error: { code: 'cancelled' } } });
    const late = await accept('/generate', LONG, { 'X-Timeout-Ms': '700' });
    expect(await result(late)).toMatchObject({ status: 504, body: { error: { code: 'deadline_exceeded' } } });
    expect(await future(late)).toMatchObject({ attempts: 1 });
  });

  it('that changes its adapter cannot be cancelled once it runs', async () => {
    const targets = { data: new Array<number>(1000).fill(8), dtype: 'int64', shape: [1000] };
    const tokens = new Array<number>(1000).fill(7);
    const model_input = { chunks: [{ type: 'encoded_text', tokens }] };
    const data = new Array(6).fill({ model_input, loss_fn_inputs: { target_tokens: targets } });
    const id = await accept('/fwdbwd', { model_id: 'm', data, loss_fn: 'cross_entropy' });
    await waitFor('the pass to run', async () => (await future(id))['status'] !== 'pending');
    expect((await cancel(id)).body).toMatchObject({ error: { code: 'already_running' }, status_code: 409 });
    expect((await result(id)).body).toMatchObject({ status: 'completed' });
  });

  it('that is followed does not hold up a shutdown', async () => {
    await worker.end('SIGTERM');
    const id = await accept('/optim_step', { model_id: 'm' });
    const stream = await fetch(`${server.api.url}/futures/${id}/events`);
    await server.end('SIGTERM');
    // Ended, not cut off: that would be an error.
    expect(await stream.text()).toContain('event: queued');
  });
});
