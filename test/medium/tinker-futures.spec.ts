import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { AppConfig } from '../../src/config/app-config.js';
import { WaiterHub } from '../../src/modules/futures/waiter-hub.js';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { TinkerClient } from '../support/service/tinker-client.js';
import { Gate, waitFor } from '../support/wait-for.js';

/** Long polls, results and repeats of the Tinker API. */
let database: TestDatabase;
let service: ApiApp;
let client: TinkerClient;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startApiApp(database.url, { LONG_POLL_S: '1' });
  client = new TinkerClient(service.url, undefined);
  await client.begin();
});

afterEach(() => vi.restoreAllMocks());

afterAll(async () => {
  await service.close();
  await database.drop();
});

/** Holds every optimiser step until the gate opens. */
function holdSteps(): Gate {
  const gate = new Gate();
  const { backend } = service;
  const step = backend.optimStep.bind(backend);
  vi.spyOn(backend, 'optimStep').mockImplementation(async (...args) => {
    await gate.passed;
    return step(...args);
  });
  return gate;
}

describe('a long poll', () => {
  it('is held for 40 s unless told otherwise, and never longer than the SDK listens', () => {
    const env = { DATABASE_URL: database.url };
    expect(AppConfig.fromEnv(env).longPollS).toBe(40);
    expect(() => AppConfig.fromEnv({ ...env, LONG_POLL_S: '45' })).toThrow(/LONG_POLL_S/);
  });

  it('waits, then says 408 and why, and the next one gets the result, as does every one after', async () => {
    const [model_id] = await client.createModel(0);
    await client.settled('forward_backward', client.forward(model_id, 1));
    const gate = holdSteps();
    const running = await client.post('optim_step', { model_id, seq_id: 2 });
    const behind = await client.post('optim_step', { model_id, seq_id: 3 });
    const ask = ({ body }: typeof running) => client.post('retrieve_future', { request_id: body['request_id'] });

    const hub = service.app.get(WaiterHub);
    const poll = ask(behind);
    await waitFor('the poll waits', () => hub.waitingRequests === 1);
    expect(await poll).toMatchObject({
      status: 408,
      body: {
        request_id: behind.body['request_id'],
        queue_state: 'active',
        queue_state_reason: '1 request is ahead of it',
      },
    });
    expect(await ask(running)).toMatchObject({ status: 408, body: { queue_state_reason: 'the request is running' } });
    expect(hub.waitingRequests).toBe(0);

    gate.open();
    const result = await client.retrieved(running);
    expect(result).toMatchObject({ status: 200, body: { metrics: { step: 1 } } });
    expect(await ask(running)).toEqual(result);
    const failure = await client.retrieved(behind);
    expect(failure).toMatchObject({ status: 200, body: { category: 'user', error: expect.any(String) as string } });
    expect(await ask(behind)).toEqual(failure);
  });

  it('for a sample that is not kept any more says 410, so that the SDK samples anew; else 404', async () => {
    const ask = (type: string) =>
      fetch(`${service.url}/api/v1/retrieve_future`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Tinker-Request-Type': type },
        body: JSON.stringify({ request_id: 'future_gone' }),
      });
    expect((await ask('Sample')).status).toBe(410);
    expect((await ask('OptimStep')).status).toBe(404);
  });
});

describe('repeats that arrive at the same time', () => {
  const five = <T>(send: () => Promise<T>) => Promise.all(Array.from({ length: 5 }, send));

  it('are one future, model, sampling session and sample', async () => {
    const made = await five(() => client.createModel(10));
    expect(new Set(made.map(String)).size).toBe(1);
    const model_id = made[0]![0];
    for (const send of [
      () => client.post('forward_backward', client.forward(model_id, 1)),
      () => client.post('optim_step', { model_id, seq_id: 2 }),
      () => client.post('save_weights', { model_id, seq_id: 3, path: 'a' }),
      () => client.post('save_weights_for_sampler', { model_id, seq_id: 4, path: 'b' }),
      () =>
        client.post('save_weights_for_sampler', { model_id, seq_id: 5, sampling_session_seq_id: Math.random() * 1e9 }),
      () => client.post('create_sampling_session', client.baseSampler(10)),
    ]) {
      const answers = await five(send);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    }
    const session = await client.post('create_sampling_session', client.baseSampler(10));
    const samples = await five(() =>
      client.post('asample', client.sample(String(session.body['sampling_session_id']), 0)),
    );
    expect(new Set(samples.map(({ body }) => body['request_id'])).size).toBe(1);
    const steps = await database.query(`SELECT 1 FROM futures WHERE model_id = $1 AND kind = 'optim_step'`, [model_id]);
    expect(steps).toHaveLength(1);
  });

  it('and chunks that overtake each other add up, with a gap before and after', async () => {
    const [model_id] = await client.createModel(11);
    await Promise.all([5, 6, 7].map((seq) => client.post('forward_backward', client.forward(model_id, seq))));
    await client.post('forward_backward', client.forward(model_id, 4));
    const together = await client.settled('optim_step', { model_id, seq_id: 9 });
    expect(together.body['metrics']).toMatchObject({ step: 1 });
    expect((await client.settled('optim_step', { model_id, seq_id: 30 })).body['error']).toMatch(/no gradients/);
  });
});
