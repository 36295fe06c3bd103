import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient } from '../e2e/support/client.js';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { pause } from '../support/pause.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { waitFor } from '../support/wait-for.js';

const DATA = [
  [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'The sea is wide today.' },
  ],
];

describe('adapters that are not used', () => {
  let database: TestDatabase;
  let app: Awaited<ReturnType<typeof startApiApp>>;

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startApiApp(database.url, { ADAPTER_IDLE_S: '1' });
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const run = async (path: string, body: object): Promise<{ loss?: number }> => {
    const post = (route: string, json: object) =>
      fetch(`${app.url}${route}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(json),
      });
    const { request_id } = (await (await post(path, body)).json()) as { request_id: string };
    const answer = await post('/retrieve_future', { request_id });
    expect(answer.status).toBe(200);
    return (await answer.json()) as { loss?: number };
  };
  const step = async (model_id: string) => {
    const { loss } = await run('/fwdbwd', { model_id, data: DATA });
    await run('/optim_step', { model_id });
    return loss;
  };

  it('leave memory, give their lease back, and come back with the same numbers', async () => {
    const losses = [await step('idle'), await step('idle')];
    await step('busy');
    const [row] = await database.query(`SELECT id, lease::int FROM adapters WHERE model_id = 'idle'`);
    const { backend } = app;
    await waitFor('it has left memory', () => !backend.hasAdapter(String(row?.['id'])));
    const free = () => database.query(`SELECT 1 FROM adapters WHERE model_id = 'idle' AND worker_id IS NULL`);
    await waitFor('its lease is free', async () => (await free()).length === 1);
    // Used last of all: nothing is gained by its leaving.
    const [busy] = await database.query(`SELECT id FROM adapters WHERE model_id = 'busy'`);
    expect(backend.hasAdapter(String(busy?.['id']))).toBe(true);

    losses.push(await step('idle'));
    for (const expected of losses) expect(await step('undisturbed')).toBe(expected);
    expect(await database.query(`SELECT lease::int FROM adapters WHERE model_id = 'idle'`)).toEqual([
      { lease: Number(row?.['lease']) + 1 },
    ]);
  });
});

describe.each([
  ['than fit in memory, which has less room than there are slots', { memoryMb: '1', names: ['a', 'b', 'c', 'd'] }],
  ['than fit in memory', { memoryMb: '3', names: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] }],
])('more adapters at work %s', (_, { memoryMb, names }) => {
  let database: TestDatabase;
  let app: ApiApp;
  let api: ApiClient;

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startApiApp(database.url, { ADAPTER_MEMORY_MB: memoryMb, ADAPTER_CONCURRENCY: '2' });
    api = new ApiClient(app.url);
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it('leave it while their requests wait for their turn, and come back for them', async () => {
    const { backend } = app;
    const forwardBackward = backend.forwardBackward.bind(backend);
    backend.forwardBackward = async (...parameters) => {
      await pause(100);
      return forwardBackward(...parameters);
    };
    const sent = [];
    for (let i = 0; i < 12; i++) {
      for (const model_id of names) {
        sent.push(api.post<{ request_id: string }>('/fwdbwd', { model_id, data: DATA }));
        await sent.at(-1);
      }
    }
    const ids = (await Promise.all(sent)).map(({ body }) => body.request_id);
    const states = () =>
      database.query<{ id: string; waiting: number }>(
        `SELECT adapter_id AS id, count(*) FILTER (WHERE status = 'pending')::int AS waiting FROM futures
         GROUP BY adapter_id HAVING count(*) FILTER (WHERE status = 'completed') > 1`,
      );
    await waitFor('one has left in spite of its requests', async () =>
      (await states()).some(({ id, waiting }) => waiting > 0 && !backend.hasAdapter(id)),
    );
    for (const id of ids) expect((await api.retrieve(id)).status).toBe(200);
  });
});
