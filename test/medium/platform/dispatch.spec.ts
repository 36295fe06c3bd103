import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/common/errors/app-error.js';
import { InvalidRequestError } from '../../../src/common/errors/request.errors.js';
import { FuturesService } from '../../../src/modules/futures/index.js';
import { Script } from '../../support/service/scripted-handlers.js';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.js';
import { insertAdapter, operation, startPlatform, type TestPlatform } from '../../support/service/test-platform.js';
import { waitFor } from '../../support/wait-for.js';

describe('dispatching operations', () => {
  let database: TestDatabase;
  let platform: TestPlatform;
  let futures: FuturesService;
  let source: DataSource;
  let script: Script;

  beforeEach(async () => {
    database = await createTestDatabase();
    script = new Script();
    platform = await startPlatform({ databaseUrl: database.url, script, env: { QUEUE_CONCURRENCY: '12' } });
    futures = platform.get(FuturesService);
    source = platform.get(DataSource);
  });

  afterEach(async () => {
    await platform.app.close();
    await database.drop();
  });

  const settle = (requestId: string) => futures.wait(requestId, 20_000);

  it('runs the operations of an adapter one after another in log order', async () => {
    const adapter = await insertAdapter(source);
    const labels = Array.from({ length: 10 }, (_, i) => `op${i}`);
    const accepted = [];
    for (const label of labels) accepted.push(await futures.submit(operation(adapter, label)));
    await Promise.all(accepted.map(({ requestId }) => settle(requestId)));
    expect(script.events).toEqual(labels.flatMap((label) => [`start ${label}`, `end ${label}`]));
  });

  it('runs adapters side by side', async () => {
    const [one, other] = [await insertAdapter(source), await insertAdapter(source)];
    const gate = script.hold('held');
    const held = await futures.submit(operation(one, 'held'));
    await waitFor('the first runs', () => script.starts('held') === 1);
    const free = await futures.submit(operation(other, 'free'));
    expect((await settle(free.requestId)).status).toBe('completed');
    expect((await futures.get(held.requestId)).status).toBe('running');
    gate.open();
    expect((await settle(held.requestId)).status).toBe('completed');
  });

  it('runs read-only operations that follow each other side by side, and nothing across one that changes', async () => {
    const adapter = await insertAdapter(source);
    const gates = ['read1', 'read2'].map((label) => script.hold(label));
    const kinds = [
      ['read1', 'forward'],
      ['read2', 'generate'],
      ['write', 'optim_step'],
      ['read3', 'forward'],
    ] as const;
    const accepted = [];
    for (const [label, kind] of kinds) accepted.push(await futures.submit(operation(adapter, label, kind)));
    await waitFor('both readers run', () => script.starts('read1') + script.starts('read2') === 2);
    const waiting = await futures.wait(accepted[2]?.requestId ?? '', 0);
    expect(waiting).toMatchObject({ status: 'pending', queuePosition: 2 });
    for (const gate of gates) gate.open();
    await Promise.all(accepted.map(({ requestId }) => settle(requestId)));
    expect(script.events.slice(-4)).toEqual(['start write', 'end write', 'start read3', 'end read3']);
  });

  it('holds at most eight readers of an adapter, and QUEUE_CONCURRENCY operations in all', async () => {
    const adapter = await insertAdapter(source);
    const labels = Array.from({ length: 10 }, (_, i) => `read${i}`);
    const base = Array.from({ length: 6 }, (_, i) => `base${i}`);
    const gates = [...labels, ...base].map((label) => script.hold(label));
    const accepted = [];
    for (const label of labels) accepted.push(await futures.submit(operation(adapter, label, 'generate')));
    await waitFor('eight readers run', () => script.events.length === 8);
    for (const label of base) accepted.push(await futures.submit(operation(null, label, 'generate')));
    await waitFor('all slots are taken', () => script.events.length === 12);
    const running = await database.query(`SELECT 1 FROM futures WHERE status = 'running'`);
    expect(running).toHaveLength(12);
    for (const gate of gates) gate.open();
    for (const { requestId } of accepted) expect((await settle(requestId)).status).toBe('completed');
  });

  it('stores a foreseen error as it is and an unforeseen one under an id, and goes on', async () => {
    const adapter = await insertAdapter(source);
    script.failWith('foreseen', new InvalidRequestError('data[0] is too long.', { field: 'data[0]' }));
    script.failWith('unforeseen', new TypeError('undefined is not a function'));
    const foreseen = await futures.submit(operation(adapter, 'foreseen'));
    const unforeseen = await futures.submit(operation(adapter, 'unforeseen'));
    const next = await futures.submit(operation(adapter, 'next'));
    expect((await settle(foreseen.requestId)).error).toEqual({
      code: 'invalid_request',
      category: 'user',
      status: 400,
      message: 'data[0] is too long.',
      details: { field: 'data[0]' },
    });
    const { error } = await settle(unforeseen.requestId);
    expect(error).toMatchObject({ code: 'internal_error', category: 'server', status: 500 });
    expect(error?.details['error_id']).toMatch(/^error_/);
    expect(error?.message).not.toContain('undefined is not a function');
    expect((await settle(next.requestId)).status).toBe('completed');
  });

  it('fails what it can never store, and goes on', async () => {
    const adapter = await insertAdapter(source);
    script.failWith('unstorable', new AppError('told', 'user', 400, 'a text with \u0000 in it'));
    const ids: string[] = [];
    for (const label of ['unstorable', 'behind it']) {
      ids.push((await futures.submit(operation(adapter, label))).requestId);
    }
    expect(await settle(ids[0]!)).toMatchObject({ status: 'failed', error: { code: 'internal_error' } });
    expect((await settle(ids[1]!)).status).toBe('completed');
  });

  it('fails what waits for a deleted adapter and lets what runs go on', async () => {
    const adapter = await insertAdapter(source);
    const gate = script.hold('running');
    const running = await futures.submit(operation(adapter, 'running'));
    const waiting = await futures.submit(operation(adapter, 'waiting'));
    await waitFor('the first runs', () => script.starts('running') === 1);
    const waited = settle(waiting.requestId);
    expect(await futures.failPending(adapter.id, new InvalidRequestError('The adapter was deleted.'))).toBe(1);
    expect((await waited).error).toMatchObject({ code: 'invalid_request', category: 'user' });
    gate.open();
    expect((await settle(running.requestId)).status).toBe('completed');
    expect(script.starts('waiting')).toBe(0);
  });

  it('finds a request whose wake-up was lost', async () => {
    const adapter = await insertAdapter(source);
    const { requestId } = await futures.submit(operation(adapter, 'first'));
    await settle(requestId);
    // A row without a job: what an enqueue that failed leaves behind.
    await database.query(
      `INSERT INTO futures (request_id, adapter_id, model_id, base_model, kind, request, request_hash)
       SELECT 'future_lost', adapter_id, model_id, base_model, kind, request, request_hash FROM futures`,
    );
    expect((await settle('future_lost')).status).toBe('completed');
    expect(script.starts('first')).toBe(2);
  });

  it('finishes what runs before it shuts down, and answers polls at once', async () => {
    const adapter = await insertAdapter(source);
    const gate = script.hold('last');
    const last = await futures.submit(operation(adapter, 'last'));
    const after = await futures.submit(operation(adapter, 'after'));
    await waitFor('it runs', () => script.starts('last') === 1);
    const poll = futures.wait(last.requestId, 60_000);
    const closed = platform.app.close();
    expect((await poll).status).toBe('running');
    gate.open();
    await closed;
    const rows = await database.query('SELECT request_id, status FROM futures ORDER BY position');
    expect(rows).toEqual([
      { request_id: last.requestId, status: 'completed' },
      { request_id: after.requestId, status: 'pending' },
    ]);
    expect(await database.query('SELECT 1 FROM workers')).toEqual([]);
  });
});
