import { afterAll, beforeAll, expect, it } from 'vitest';
import { TinkerClient } from '../support/service/tinker-client.js';
import { waitFor } from '../support/wait-for.js';
import { TestServer } from './support/server.js';

/** Sessions of the Tinker API in a running service, whose sweep ends those that are silent. */
let server: TestServer;
let client: TinkerClient;

beforeAll(async () => {
  server = await TestServer.start();
  client = new TinkerClient(server.api.url, undefined);
  await client.begin();
});

afterAll(() => server.stop());

const beat = () => client.post('session_heartbeat', { session_id: client.sessionId });

/** As if no heartbeat had come for a day. */
const silence = () =>
  server.database.query(`UPDATE sessions SET heartbeat_at = now() - interval '1 day' WHERE id = $1`, [
    client.sessionId,
  ]);

const ended = async () => {
  const rows = await server.database.query<{ ended_at: Date | null }>(`SELECT ended_at FROM sessions WHERE id = $1`, [
    client.sessionId,
  ]);
  return rows[0]!.ended_at !== null;
};

it('that are silent end, and their models leave memory but come back with the same numbers', async () => {
  const [model_id] = await client.createModel(0);
  await client.settled('forward_backward', client.forward(model_id, 1));
  await client.settled('optim_step', { model_id, seq_id: 2, adam_params: { learning_rate: 0.05 } });
  const trained = await client.settled('forward', client.forward(model_id, 3, undefined, 'forward_input'));
  const saved = await client.settled('save_weights_for_sampler', { model_id, seq_id: 4, sampling_session_seq_id: 0 });
  expect(await beat()).toMatchObject({ status: 200 });

  await silence();
  await waitFor('the end of the session', ended, { timeout: 60_000 });
  const unloaded = () =>
    server.database.query(`SELECT 1 FROM futures WHERE kind = 'unload_adapter' AND status = 'completed'`);
  await waitFor('the model out of memory', async () => (await unloaded()).length === 1);

  const back = await client.settled('forward', client.forward(model_id, 5, undefined, 'forward_input'));
  expect(back.body['loss_fn_outputs']).toEqual(trained.body['loss_fn_outputs']);
  const sampler = String(saved.body['sampling_session_id']);
  expect((await client.settled('asample', client.sample(sampler, 0))).body['sequences']).toHaveLength(1);
  expect((await client.settled('optim_step', { model_id, seq_id: 6 })).body).toMatchObject({ category: 'user' });
  expect(await ended()).toBe(true);
});

it('that were silent go on at the next heartbeat, since the SDK never sends another one after a refusal', async () => {
  expect(await beat()).toMatchObject({ status: 200 });
  expect(await ended()).toBe(false);
});

it('that have ended go on when something new is made in them', async () => {
  await client.createModel(1);
  expect(await beat()).toMatchObject({ status: 200 });
  expect(await client.post(`sessions/${client.sessionId}/finish`)).toMatchObject({ status: 204 });
  expect(await beat()).toMatchObject({ status: 410 });
  await client.post('create_sampling_session', client.baseSampler(3));
  expect(await beat()).toMatchObject({ status: 200 });
});

it('are not silent while the service is down', async () => {
  await server.end('SIGTERM');
  await silence();
  await server.launch();
  expect(await beat()).toMatchObject({ status: 200 });
  expect(await ended()).toBe(false);
});

it('that nobody knows are 404', async () => {
  expect(await client.post('session_heartbeat', { session_id: 'session_unknown' })).toMatchObject({ status: 404 });
});
