import { DataSource } from 'typeorm';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toOutage } from '../../../src/common/errors/database-outage.error.js';
import { FaultPoints } from '../../../src/common/fault-points.js';
import { AppConfig } from '../../../src/config/app-config.js';
import { dataSourceOptions } from '../../../src/data-source.options.js';
import { LeaseRepository } from '../../../src/modules/dispatch/leases/lease.repository.js';
import { FuturesService, ClaimRepository } from '../../../src/modules/futures/index.js';
import { FutureEntity } from '../../../src/modules/futures/entities/future.entity.js';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.js';
import { insertAdapter, operation, startPlatform } from '../../support/service/test-platform.js';
import { Gate, waitFor } from '../../support/wait-for.js';

/** Less than the time after which Postgres ends a transaction that stands still. */
const SOON_MS = 3500;

describe('a process that stands still', () => {
  let database: TestDatabase;
  /** Of a process of its own. */
  let source: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    source = await new DataSource(dataSourceOptions(AppConfig.fromEnv({ DATABASE_URL: database.url }))).initialize();
    await source.runMigrations();
  });

  afterAll(async () => {
    await source.destroy();
    await database.drop();
  });

  const row = async (requestId: string) =>
    (await database.query(`SELECT * FROM futures WHERE request_id = $1`, [requestId]))[0];

  it('within a transaction holds up one adapter for a few seconds, and no other at all', async () => {
    const platform = await startPlatform({ databaseUrl: database.url });
    const stopped = new Gate();
    try {
      const futures = platform.get(FuturesService);
      const adapters = [await insertAdapter(source, 'locked'), await insertAdapter(source, 'free')];
      await database.query(
        `INSERT INTO workers (id, hostname, pid, engine, device, max_rank, base_models, lock_key, heartbeat_at)
         SELECT 'worker_other', hostname, pid, engine, device, max_rank, base_models, 1, now() + interval '1 hour' FROM workers`,
      );
      await database.query(`UPDATE adapters SET worker_id = 'worker_other'`);
      const ids: string[] = [];
      for (const adapter of adapters) ids.push((await futures.submit(operation(adapter, adapter.modelId))).requestId);
      let isLocked = false;
      const cutOff = source
        .transaction(async (manager) => {
          await manager.query(`UPDATE adapters SET lease = lease + 1 WHERE id = $1`, [adapters[0]!.id]);
          isLocked = true;
          await stopped.passed;
          await manager.query('SELECT 1');
        })
        .catch((error: unknown) => error);
      await waitFor('the row is locked', () => isLocked);
      await database.query(`DELETE FROM workers WHERE id = 'worker_other'`);

      expect((await futures.wait(ids[1]!, SOON_MS)).status).toBe('completed');
      expect((await futures.get(ids[0]!)).status).toBe('pending');
      expect((await futures.wait(ids[0]!, 20_000)).status).toBe('completed');
      // It goes on, hears that its transaction has not happened, and so may repeat it.
      stopped.open();
      expect(toOutage(await cutOff)).not.toBeNull();
    } finally {
      stopped.open();
      await platform.app.close();
    }
  });

  it('while it takes an adapter holds nobody up, and changes nothing once another has taken it', async () => {
    const adapter = await insertAdapter(source);
    const requestId = `future_${ulid()}`;
    await database.query(
      `INSERT INTO futures (request_id, kind, adapter_id, model_id, base_model, request, request_hash)
       VALUES ($1, 'optim_step', $2, 'm', 'b', '', '')`,
      [requestId, adapter.id],
    );
    const log = new ClaimRepository(source.getRepository(FutureEntity));
    const other = new LeaseRepository(source, new FaultPoints());
    const taken = async () => {
      const { lease } = await other.take(adapter.id, { workerId: 'worker_b', mayTakeOver: true }, false);
      return { lease: lease ?? 0, claim: await log.claimNext(adapter.id, 'worker_b', lease ?? 0, false) };
    };
    let meanwhile: Awaited<ReturnType<typeof taken>> | undefined;
    const query = async (...parameters: Parameters<DataSource['query']>): Promise<unknown> => {
      if (parameters[0].includes('returned')) meanwhile = await taken();
      return source.query(...parameters);
    };
    const halted = new LeaseRepository({ query } as DataSource, new FaultPoints());
    expect(await halted.take(adapter.id, { workerId: 'worker_a', mayTakeOver: true }, false)).toEqual({ lease: 1 });
    expect(meanwhile).toMatchObject({ lease: 2, claim: { request_id: requestId } });
    expect(await row(requestId)).toMatchObject({ status: 'running', worker_id: 'worker_b', deaths: 0 });

    // Nor does the holder's result count from the moment on in which another has the lease.
    await database.query(`UPDATE adapters SET worker_id = 'worker_c', lease = 3 WHERE id = $1`, [adapter.id]);
    const late = { ...meanwhile!.claim!, workerId: 'worker_b', lease: 2 };
    const error = { code: 'late', category: 'server', status: 500, message: 'late', details: {} } as const;
    expect(await log.fail(late, error)).toBe(false);
    expect(await row(requestId)).toMatchObject({ status: 'running' });
  });
});
