import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FuturesService } from '../../../src/modules/futures/index.js';
import { JobQueue } from '../../../src/queue/job-queue.js';
import { Script } from '../../support/service/scripted-handlers.js';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.js';
import {
  insertAdapter,
  operation,
  type PlatformOptions,
  startPlatform,
  type TestPlatform,
} from '../../support/service/test-platform.js';
import { TestRedis } from '../../support/servers/test-redis.js';
import { waitFor } from '../../support/wait-for.js';

const needsRedis = TestRedis.program === undefined ? ' (skipped: needs redis-server on the PATH)' : '';

describe.skipIf(TestRedis.program === undefined)(`the queue on Redis${needsRedis}`, () => {
  let database: TestDatabase;
  let redis: TestRedis;
  const platforms: TestPlatform[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    redis = await TestRedis.create();
  });

  afterEach(async () => {
    for (const platform of platforms.splice(0)) await platform.app.close();
  });

  afterAll(async () => {
    await redis.remove();
    await database.drop();
  });

  const start = async (role: string, options: Partial<PlatformOptions> = {}) => {
    const env = { ROLE: role, REDIS_URL: redis.url };
    const platform = await startPlatform({ databaseUrl: database.url, env, ...options });
    platforms.push(platform);
    return platform;
  };

  it('carries a request from an api process to a worker process and the result back', async () => {
    const script = new Script();
    const api = await start('api');
    await start('worker', { script });
    const adapter = await insertAdapter(api.get(DataSource));
    const { requestId } = await api.get(FuturesService).submit(operation(adapter, 'across'));
    expect((await api.get(FuturesService).wait(requestId, 20_000)).status).toBe('completed');
    expect(script.starts('across')).toBe(1);
    expect(api.script.starts('across')).toBe(0);
  });

  it('keeps a job active until its request is settled and shows failures as failed', async () => {
    const script = new Script();
    const platform = await start('all', { script });
    const futures = platform.get(FuturesService);
    const adapter = await insertAdapter(platform.get(DataSource));
    const gate = script.hold('long');
    script.failWith('doomed', new Error('planted'));
    const long = await futures.submit(operation(adapter, 'long'));
    const doomed = await futures.submit(operation(adapter, 'doomed'));
    await waitFor('it runs', () => script.starts('long') === 1);
    await waitFor('both jobs are active', async () => (await platform.get(JobQueue).counts()).active === 2);
    gate.open();
    await futures.wait(long.requestId, 20_000);
    await futures.wait(doomed.requestId, 20_000);
    await waitFor('no job is active', async () => (await platform.get(JobQueue).counts()).active === 0);
    const board = await fetch(`${platform.url}/admin/queues/api/queues?activeQueue=operations&status=failed`);
    const { queues } = (await board.json()) as { queues: { jobs: { id: string; name: string; data: unknown }[] }[] };
    const job = queues[0]?.jobs.find(({ id }) => id === doomed.requestId);
    expect(job).toMatchObject({ name: 'forward_backward' });
    // Ids only: payloads stay in the database.
    expect(job?.data).toEqual({
      requestId: doomed.requestId,
      kind: 'forward_backward',
      adapterId: adapter.id,
      owner: '',
    });
  });

  it('accepts and computes requests while Redis is gone, and uses it again when it is back', async () => {
    const script = new Script();
    const platform = await start('all', { script });
    const futures = platform.get(FuturesService);
    const adapter = await insertAdapter(platform.get(DataSource));
    await redis.kill();
    const during = await futures.submit(operation(adapter, 'during'));
    expect((await futures.wait(during.requestId, 30_000)).status).toBe('completed');
    const notReady = await fetch(`${platform.url}/readyz`);
    expect(notReady.status).toBe(503);
    expect(await notReady.json()).toMatchObject({ checks: { redis: { status: 'down' }, database: { status: 'up' } } });

    await redis.start();
    await waitFor('Redis answers again', async () => {
      return platform
        .get(JobQueue)
        .ping()
        .then(() => true)
        .catch(() => false);
    });
    const after = await futures.submit(operation(adapter, 'after'));
    expect((await futures.wait(after.requestId, 30_000)).status).toBe('completed');
    expect([script.starts('during'), script.starts('after')]).toEqual([1, 1]);
    expect((await fetch(`${platform.url}/readyz`)).status).toBe(200);
  });

  it('loses nothing of what waits when Redis is emptied, and when it starts again empty', async () => {
    const script = new Script();
    const env = { ROLE: 'all', REDIS_URL: redis.url, QUEUE_CONCURRENCY: '1' };
    const platform = await start('all', { script, env });
    const futures = platform.get(FuturesService);
    const source = platform.get(DataSource);
    const gate = script.hold('head');
    const head = await futures.submit(operation(await insertAdapter(source), 'head'));
    await waitFor('it runs', () => script.starts('head') === 1);
    // Each in a line of its own: only its job, or a sweep of the rows, can wake it.
    const submit = async (label: string) => futures.submit(operation(await insertAdapter(source), label));
    const emptied = ['emptied 0', 'emptied 1', 'emptied 2'];
    const restarted = ['restarted 0', 'restarted 1', 'restarted 2'];
    const waiting = await Promise.all(emptied.map(submit));
    const queue = platform.get(JobQueue);
    await waitFor('their jobs wait', async () => (await queue.counts()).waiting === emptied.length);
    await redis.empty();
    expect((await queue.counts()).waiting).toBe(0);
    waiting.push(...(await Promise.all(restarted.map(submit))));
    await redis.kill();
    await redis.start();

    gate.open();
    for (const { requestId } of [head, ...waiting]) {
      expect((await futures.wait(requestId, 30_000)).status).toBe('completed');
    }
    expect([...emptied, ...restarted].map((label) => script.starts(label))).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('does not start without Redis and says what to do', async () => {
    await redis.kill();
    try {
      await expect(start('all')).rejects.toMatchObject({
        code: 'redis_unavailable',
        message: expect.stringMatching(/REDIS_URL/) as string,
      });
    } finally {
      await redis.start();
    }
  });
});
