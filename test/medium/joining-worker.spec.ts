import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { waitFor } from '../support/wait-for.js';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const DATA = [
  [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'The sea is wide today.' },
  ],
];

describe('a worker that joins', () => {
  let database: TestDatabase;
  const apps: ApiApp[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterEach(() => void vi.useRealTimers());

  afterAll(async () => {
    for (const app of apps) await app.close();
    await database.drop();
  });

  const start = async () => {
    const app = await startApiApp(database.url, { ADAPTER_IDLE_S: '86400' });
    apps.push(app);
    return app;
  };
  const forward = async ({ url }: ApiApp, model_id: string) => {
    const post = (route: string, body: object) =>
      fetch(`${url}${route}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const { request_id } = (await (await post('/fwdbwd', { model_id, data: DATA })).json()) as { request_id: string };
    const answer = await post('/retrieve_future', { request_id });
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { loss?: number }).loss;
  };
  /** Names of the adapters, by those who hold them; the worker that came first stands first. */
  const holders = async () => {
    const rows = await database.query<{ names: string[] }>(
      `SELECT coalesce(array_agg(model_id ORDER BY model_id) FILTER (WHERE model_id IS NOT NULL), '{}') AS names
       FROM workers LEFT JOIN adapters ON adapters.worker_id = workers.id GROUP BY workers.id ORDER BY workers.id`,
    );
    return rows.map(({ names }) => names);
  };

  it('gets of those that are not in use what the others have too many of, and the numbers stay the same', async () => {
    const first = await start();
    const losses = [];
    for (const name of NAMES) losses.push(await forward(first, name));
    const second = await start();
    // An adapter counts as in use for 20 s: all six while a to d are used once more, and then these four.
    const soon = Date.now() + 5000;
    vi.useFakeTimers({ toFake: ['Date'], now: soon });
    for (const name of ['a', 'b', 'c', 'd']) await forward(first, name);
    vi.setSystemTime(soon + 16_000);
    // Its share is three and one more is left to it: e and f go, the longest unused first.
    await waitFor('it gives two back', async () => (await holders())[0]?.length === 4);
    expect(await holders()).toEqual([['a', 'b', 'c', 'd'], []]);

    expect(await forward(first, 'e')).toBe(losses[4]);
    expect(await forward(first, 'f')).toBe(losses[5]);
    expect(await holders()).toEqual([
      ['a', 'b', 'c', 'd'],
      ['e', 'f'],
    ]);
    const moved = await database.query<{ id: string }>(`SELECT id FROM adapters WHERE model_id IN ('e', 'f')`);
    for (const { id } of moved) {
      expect([first.backend.hasAdapter(id), second.backend.hasAdapter(id)]).toEqual([false, true]);
    }
  });
});
