import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENT_CHANNELS, EventBus, MAX_EVENT_BYTES } from '../../../src/events/event-bus.js';
import { FuturesService } from '../../../src/modules/futures/index.js';
import { Gate, waitFor } from '../../support/wait-for.js';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.js';
import { insertAdapter, operation, startPlatform, type TestPlatform } from '../../support/service/test-platform.js';

const POOL = 3;

describe('waiting for futures', () => {
  let database: TestDatabase;
  let platform: TestPlatform;
  let futures: FuturesService;

  beforeAll(async () => {
    database = await createTestDatabase();
    platform = await startPlatform({ databaseUrl: database.url, env: { DATABASE_POOL_SIZE: String(POOL) } });
    futures = platform.get(FuturesService);
  });

  afterAll(async () => {
    await platform.app.close();
    await database.drop();
  });

  it('lets 500 polls wait with three database connections, and requests pass meanwhile', async () => {
    const adapter = await insertAdapter(platform.get(DataSource));
    const gate = platform.script.hold('slow');
    const { requestId } = await futures.submit(operation(adapter, 'slow'));
    const polls = Array.from({ length: 500 }, () => futures.wait(requestId, 60_000));
    await waitFor('it runs', () => platform.script.starts('slow') === 1);

    const other = await insertAdapter(platform.get(DataSource));
    const quick = await futures.submit(operation(other, 'quick'));
    expect((await futures.wait(quick.requestId, 20_000)).status).toBe('completed');
    const sessions = await database.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'thinker all'`,
    );
    expect(sessions.length).toBeLessThanOrEqual(POOL);

    gate.open();
    const states = await Promise.all(polls);
    expect(states.every(({ status }) => status === 'completed')).toBe(true);
  });

  it('answers at the deadline with the position in the queue', async () => {
    const adapter = await insertAdapter(platform.get(DataSource));
    const gate = platform.script.hold('blocker');
    const blocker = await futures.submit(operation(adapter, 'blocker'));
    const second = await futures.submit(operation(adapter, 'second'));
    expect(await futures.wait(second.requestId, 50)).toMatchObject({ status: 'pending', queuePosition: 1 });
    gate.open();
    await futures.wait(blocker.requestId, 20_000);
    const done = await futures.wait(second.requestId, 20_000);
    expect(done).toMatchObject({ status: 'completed', queuePosition: 0 });
    expect(await futures.wait(second.requestId, 0)).toEqual(done);
  });

  it('stops waiting when the client is gone', async () => {
    const adapter = await insertAdapter(platform.get(DataSource));
    const gate = platform.script.hold('abandoned');
    const { requestId } = await futures.submit(operation(adapter, 'abandoned'));
    const gone = new AbortController();
    const poll = futures.wait(requestId, 60_000, gone.signal);
    gone.abort();
    expect((await poll).status).not.toBe('completed');
    gate.open();
  });

  it('does not know an unknown request', async () => {
    await expect(futures.wait('future_unknown', 60_000)).rejects.toMatchObject({ code: 'not_found', status: 404 });
  });

  it('refuses an event that Postgres could not carry', async () => {
    const bus = platform.get(EventBus);
    await expect(bus.publish(EVENT_CHANNELS.tokenStream, 'x'.repeat(MAX_EVENT_BYTES + 1))).rejects.toThrow(
      /limit is 7000/,
    );
    const heard = new Gate();
    const end = bus.subscribe(EVENT_CHANNELS.tokenStream, { onEvent: () => heard.open() });
    await bus.publish(EVENT_CHANNELS.tokenStream, 'x'.repeat(MAX_EVENT_BYTES));
    await heard.passed;
    end();
  });
});
