import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRedis } from '../support/servers/test-redis.js';
import { TinkerClient } from '../support/service/tinker-client.js';
import { TestServer } from './support/server.js';

/** Waiting for results, several at once, and giving requests up: the API alone decides what a test finds waiting. */
const needsRedis = TestRedis.program === undefined ? ' (skipped: needs redis-server on the PATH)' : '';

describe.skipIf(TestRedis.program === undefined)(`futures of the Tinker API${needsRedis}`, () => {
  let redis: TestRedis;
  let worker: TestServer;
  let server: TestServer;
  let client: TinkerClient;
  let modelId: string;

  beforeAll(async () => {
    redis = await TestRedis.create();
    worker = await TestServer.start({ env: { ROLE: 'worker', REDIS_URL: redis.url } });
    const env = { ROLE: 'api', REDIS_URL: redis.url, ENGINE: '', ENGINE_THREADS: '', LONG_POLL_S: '5' };
    server = await TestServer.start({ joins: worker, env });
    client = new TinkerClient(server.api.url, undefined);
    await client.begin();
    const [id, request_id] = await client.createModel(0);
    modelId = id;
    await result(request_id);
  });

  afterAll(async () => {
    await server.stop();
    await worker.stop();
    await redis.remove();
  });

  const accept = async (path: string, body: object): Promise<string> =>
    String((await client.post(path, body)).body['request_id']);
  const poll = (request_id: string) => client.post('retrieve_future', { request_id });
  const result = async (request_id: string) => {
    for (;;) {
      const answer = await poll(request_id);
      if (answer.status !== 408) return answer;
    }
  };
  const cancel = (request_id: string) => client.post('cancel_future', { request_id });
  const status = async (id: string) => (await server.api.get(`/futures/${id}`)).body['status'];

  const newSampler = async (seq: number): Promise<string> => {
    const { body } = await client.post('create_sampling_session', client.baseSampler(seq));
    return String(body['sampling_session_id']);
  };
  const pollAll = async (sampler: string, prev_cursor: number, more: object = {}) => {
    const target = { type: 'sampling_session', sampling_session_id: sampler, ...more };
    const { body } = await client.post('retrieve_futures', { target, prev_cursor });
    return body as { completions: { state: string; request_id: string }[]; cursor: number };
  };

  it('are cancelled while they wait, and the others run in their order', async () => {
    await worker.end('SIGTERM');
    const first = await accept('forward_backward', client.forward(modelId, 1));
    const wrong = await accept('forward_backward', client.forward(modelId, 2, [9, 9, 9]));
    const step = await accept('optim_step', { model_id: modelId, seq_id: 3 });
    const last = await accept('optim_step', { model_id: modelId, seq_id: 4 });
    const waiting = result(last);
    expect((await cancel(wrong)).status).toBe(204);
    expect((await cancel(wrong)).status).toBe(204);
    // Told at once, though nothing computes.
    expect((await result(wrong)).body).toMatchObject({ code: 'cancelled', category: 'user' });
    expect(await status(first)).toBe('pending');
    // A repeat is the same request still.
    expect(await accept('forward_backward', client.forward(modelId, 2, [9, 9, 9]))).toBe(wrong);

    await worker.launch();
    const { body } = await result(step);
    expect(body['metrics']).toMatchObject({ step: 1 });
    // The only gradients left were applied by the step before.
    expect((await waiting).body['error']).toMatch(/no gradients/);
    expect((await result(first)).body['metrics']).toHaveProperty(['loss:sum']);
  });

  it('that are settled stay as they are', async () => {
    const request = await accept('forward', client.forward(modelId, 5, undefined, 'forward_input'));
    const before = await result(request);
    expect((await cancel(request)).status).toBe(204);
    expect((await result(request)).body).toEqual(before.body);
    expect((await cancel('future_unknown')).status).toBe(404);
  });

  it('that the server itself needs are not cancelled', async () => {
    await worker.end('SIGTERM');
    const [, creation] = await client.createModel(1);
    expect((await cancel(creation)).status).toBe(204);
    expect(await status(creation)).toBe('pending');
    await worker.launch();
    expect((await result(creation)).body).toMatchObject({ type: 'create_model' });
  });

  it('of a sampling session are told together, each once', async () => {
    const sampler = await newSampler(0);
    await worker.end('SIGTERM');
    const ids: string[] = [];
    for (let seq = 0; seq < 5; seq++) ids.push(await accept('asample', client.sample(sampler, seq)));
    const ofCopy = await accept('asample', client.sample(sampler, 2e9));
    const held = pollAll(sampler, 0);
    await cancel(ids[3]!);
    // The poll was held until something was settled.
    const first = await held;
    expect(first.completions).toMatchObject([{ state: 'failed', request_id: ids[3] }]);
    await worker.launch();
    const seen: string[] = [];
    let { cursor } = first;
    while (seen.length < 4) {
      const next = await pollAll(sampler, cursor);
      expect(next.cursor > cursor).toBe(next.completions.length > 0);
      cursor = next.cursor;
      seen.push(...next.completions.map(({ request_id, state }) => `${state} ${request_id}`));
    }
    const finished = ids.filter((id) => id !== ids[3]).map((id) => `finished ${id}`);
    expect(seen.toSorted()).toEqual(finished.toSorted());
    expect((await pollAll(sampler, 0, { cloned_sampler_id: 2 })).completions).toMatchObject([{ request_id: ofCopy }]);
    expect((await result(ids[0]!)).body['sequences']).toHaveLength(1);
    expect((await client.post('retrieve_futures', { target: { sampling_session_id: 'none' } })).status).toBe(404);
  });

  it('with a large result tell its size first, where the client allows it', async () => {
    const [T, K] = [1000, 64];
    const datum = {
      model_input: { chunks: [{ type: 'encoded_text', tokens: new Array(T).fill(7) }] },
      loss_fn_inputs: { target_tokens: { data: new Array(T * K).fill(8), dtype: 'int64', shape: [T, K] } },
    };
    const forward_input = { data: [datum], loss_fn: 'cross_entropy' };
    const request_id = await accept('forward', { model_id: modelId, seq_id: 6, forward_input });
    const whole = await result(request_id);
    const peek = await client.post('retrieve_future', { request_id, allow_metadata_only: true });
    const size = JSON.stringify(whole.body).length;
    expect(size).toBeGreaterThan(1e6);
    expect(peek.body).toEqual({ status: 'complete_metadata', response_payload_size: size });
    const small = await accept('forward', client.forward(modelId, 7, undefined, 'forward_input'));
    await result(small);
    const { body } = await client.post('retrieve_future', { request_id: small, allow_metadata_only: true });
    expect(body).toHaveProperty('loss_fn_outputs');
  });

  it('that nobody computes say so, in time for the client to ask again', async () => {
    await worker.end('SIGTERM');
    const request = await accept('asample', client.sample(await newSampler(1), 0));
    const answer = await poll(request);
    expect(answer.status).toBe(408);
    expect(answer.body).toMatchObject({ request_id: request, type: 'try_again', queue_state: 'paused_capacity' });
    expect(answer.body['queue_state_reason']).toContain('no compute worker');
  });
});
