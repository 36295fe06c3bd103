import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CreateAdapterHandler } from '../../src/modules/adapter-state/handlers/create-adapter.handler.js';
import { HistoryPoints } from '../../src/modules/history/history-points.js';
import { ClaimRepository } from '../../src/modules/futures/index.js';
import { type AcceptedAnswer, ApiClient } from '../e2e/support/client.js';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { Gate, waitFor } from '../support/wait-for.js';

describe('the state of a deleted adapter that was forked', () => {
  let database: TestDatabase;
  let service: ApiApp;
  let api: ApiClient;
  const undo: (() => void)[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startApiApp(database.url);
    api = new ApiClient(service.url);
  });

  afterEach(() => {
    for (const one of undo.splice(0)) one();
  });

  afterAll(async () => {
    await service.close();
    await database.drop();
  });

  const datum = {
    model_input: { chunks: [{ type: 'encoded_text', tokens: [5, 6, 7] }] },
    loss_fn_inputs: { target_tokens: [6, 7, 8] },
  };
  const train = async (model_id: string) => {
    await api.forwardBackward({ model_id, data: [datum] });
    await api.optimStep(model_id);
  };
  /** Its log alone does not give its state: that needs the snapshot of the load. */
  const trainSource = async (model_id: string): Promise<string> => {
    await train(model_id);
    await api.run('/save_weights', { model_id, name: 'one' });
    await api.run('/load_weights', { model_id, name: 'one' });
    await train(model_id);
    const [row] = await database.query<{ id: string }>(`SELECT id FROM adapters WHERE model_id = $1`, [model_id]);
    return row!.id;
  };
  const remove = async (model_id: string) => {
    const { body } = await api.delete<AcceptedAnswer>(`/adapters/${model_id}`);
    return body.request_id;
  };
  const snapshots = (id: string) => database.query('SELECT FROM adapter_snapshots WHERE adapter_id = $1', [id]);
  /** Does something just before the next fork's first operation runs. */
  const beforeFork = (act: () => Promise<unknown>) => {
    const handler = service.app.get(CreateAdapterHandler, { strict: false });
    const run = handler.run.bind(handler);
    undo.push(() => (handler.run = run));
    handler.run = async (operation) => {
      handler.run = run;
      await act();
      return run(operation);
    };
  };
  const fork = async (source: string, model_id: string) => {
    const { body } = await api.post<AcceptedAnswer>(`/adapters/${source}/fork`, { model_id });
    return body.request_id;
  };

  it('stays until the fork is settled: a worker that dies before is followed by one that begins anew', async () => {
    const id = await trainSource('source');
    beforeFork(async () => api.retrieve(await remove('source')));
    const log = service.app.get(ClaimRepository, { strict: false });
    const complete = log.complete.bind(log);
    undo.push(() => (log.complete = complete));
    let died = 0;
    log.complete = async (claim, completion) => {
      if (claim.adapter_id === id || died++ > 0) return complete(claim, completion);
      await log.handBack(claim);
      return false;
    };
    expect((await api.retrieve(await fork('source', 'forked'))).status).toBe(200);
    expect(died).toBeGreaterThan(1);
    await train('forked');
    await waitFor('it is gone', async () => (await snapshots(id)).length === 0);
  });

  it('is not asked for by a fork that a deletion was faster than', async () => {
    await trainSource('doomed');
    const points = service.app.get(HistoryPoints, { strict: false });
    const findOrNow = points.findOrNow.bind(points);
    undo.push(() => (points.findOrNow = findOrNow));
    points.findOrNow = async (...wish) => {
      await api.retrieve(await remove('doomed'));
      return findOrNow(...wish);
    };
    const { status, body } = await api.post('/adapters/doomed/fork', { model_id: 'late' });
    expect({ status, body }).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
    expect((await api.get('/adapters/late')).status).toBe(404);
  });

  it('goes when the fork is deleted before it has begun', async () => {
    const id = await trainSource('other');
    const gate = new Gate();
    beforeFork(() => gate.passed);
    await fork('other', 'unborn');
    await api.retrieve(await remove('other'));
    expect(await snapshots(id)).not.toEqual([]);
    const removed = await remove('unborn');
    gate.open();
    expect((await api.retrieve(removed)).status).toBe(200);
    await waitFor('it is gone', async () => (await snapshots(id)).length === 0);
  });
});
