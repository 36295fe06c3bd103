import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FuturesService } from '../../src/modules/futures/index.js';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { CrashingPostgres } from '../support/servers/crashing-postgres.js';

/** As the driver tells of a connection that breaks. */
const cutOff = () =>
  Object.assign(new Error('cut off'), { driverError: Object.assign(new Error(), { code: 'ECONNRESET' }) });

describe('an outage of Postgres in the middle of a transaction', () => {
  const postgres = new CrashingPostgres();
  const undo: (() => void)[] = [];
  let app: ApiApp;
  let source: DataSource;

  beforeAll(async () => {
    app = await startApiApp(await postgres.start());
    source = app.app.get(DataSource);
  });

  beforeEach(() => source.query('SELECT 1'));

  afterEach(() => {
    for (const one of undo.splice(0)) one();
  });

  afterAll(async () => {
    await app.close();
    await postgres.remove();
  });

  /** The database crashes within the next transaction that adds to the log, and comes back. */
  const crashWithin = () => {
    const futures = app.app.get(FuturesService);
    const submit = futures.submit.bind(futures);
    undo.push(() => (futures.submit = submit));
    futures.submit = async (...parameters) => {
      futures.submit = submit;
      await postgres.crash();
      await postgres.start();
      return submit(...parameters);
    };
  };
  /** The next transaction is committed, and nobody hears of it. */
  const loseCommit = () => {
    const { manager } = source;
    const transaction = manager.transaction.bind(manager) as (work: unknown) => Promise<unknown>;
    undo.push(() => Reflect.deleteProperty(manager, 'transaction'));
    Reflect.set(manager, 'transaction', async (work: unknown) => {
      Reflect.deleteProperty(manager, 'transaction');
      await transaction(work);
      throw cutOff();
    });
  };
  const call = async (method: string, route: string, body?: object) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${app.url}${route}`, { method, headers, body: body && JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as { request_id?: string; error?: { code: string } } };
  };
  const create = (modelId: string) => call('POST', '/adapters', { model_id: modelId });
  const settle = async (requestId: string | undefined) => {
    const answer = await call('POST', '/retrieve_future', { request_id: requestId, wait_ms: 30_000 });
    expect(answer.status).toBe(200);
  };
  const rows = (modelId: string) =>
    source.query(
      `SELECT deleted_at IS NOT NULL AS deleted,
              (SELECT json_agg(kind ORDER BY position) FROM futures WHERE adapter_id = adapters.id) AS log
       FROM adapters WHERE model_id = $1`,
      [modelId],
    );

  it.each([
    ['within it', crashWithin],
    ['at its commit', loseCommit],
  ])('makes an adapter once (%s)', async (_when, strike) => {
    const modelId = `made-${strike.name}`;
    strike();
    const made = await create(modelId);
    expect(made.status).toBe(201);
    await settle(made.body.request_id);
    expect(await rows(modelId)).toEqual([{ deleted: false, log: ['create_adapter'] }]);
  });

  it('deletes an adapter once', async () => {
    await settle((await create('gone')).body.request_id);
    crashWithin();
    const deleted = await call('DELETE', '/adapters/gone');
    expect(deleted.status).toBeLessThan(300);
    await settle(deleted.body.request_id);
    expect(await rows('gone')).toEqual([{ deleted: true, log: ['create_adapter', 'delete_adapter'] }]);
  });

  it('answers 503 where nobody knows whether the adapter was deleted', async () => {
    await settle((await create('unsure')).body.request_id);
    loseCommit();
    expect(await call('DELETE', '/adapters/unsure')).toMatchObject({
      status: 503,
      body: { error: { code: 'database_unavailable' } },
    });
    expect((await call('DELETE', '/adapters/unsure')).status).toBe(404);
  });
});
