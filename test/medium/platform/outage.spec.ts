import { Controller, Module, Post } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FuturesService } from '../../../src/modules/futures/index.js';
import { FutureRepository } from '../../../src/modules/futures/repositories/future.repository.js';
import { CrashingPostgres } from '../../support/servers/crashing-postgres.js';
import { insertAdapter, operation, startPlatform, type TestPlatform } from '../../support/service/test-platform.js';
import { waitFor } from '../../support/wait-for.js';

/** Commits nothing until the test has crashed the database. */
@Controller('transfer')
class TransferController {
  static crash: () => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly database: DataSource,
    private readonly futures: FuturesService,
  ) {}

  @Post()
  async transfer(): Promise<void> {
    await this.database.transaction(async (manager) => {
      const adapter = await insertAdapter(manager, 'half-done');
      await TransferController.crash();
      await this.futures.submit(operation(adapter, 'half-done'), manager);
    });
  }
}

@Module({ controllers: [TransferController] })
class TransferModule {}

describe('an outage of Postgres', () => {
  const postgres = new CrashingPostgres();
  let platform: TestPlatform;
  let futures: FuturesService;
  let source: DataSource;

  beforeAll(async () => {
    platform = await startPlatform({ databaseUrl: await postgres.start(), features: [TransferModule] });
    futures = platform.get(FuturesService);
    source = platform.get(DataSource);
  });

  beforeEach(async () => {
    await source.query('SELECT 1');
  });

  afterAll(async () => {
    await platform.app.close();
    await postgres.remove();
  });

  const retrieve = (requestId: string) =>
    fetch(`${platform.url}/retrieve_future`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ request_id: requestId, wait_ms: 60_000 }),
    });

  it('loses and doubles no request, and polls wait through it', async () => {
    const adapters = await Promise.all(Array.from({ length: 8 }, () => insertAdapter(source)));
    const running = platform.script.hold('running');
    const first = await futures.submit(operation(adapters[0]!, 'running'));
    await waitFor('it runs', () => platform.script.starts('running') === 1);
    const poll = retrieve(first.requestId);

    const submit = (label: string, i: number) => futures.submit(operation(adapters[i % 8]!, `${label} ${i}`));
    // These race with the crash: some are inserted before it, some are cut off in the middle, some come after.
    const racing = Array.from({ length: 100 }, (_, i) => submit('racing', i));
    await Promise.race(racing);
    await postgres.crash();
    const during = Array.from({ length: 20 }, (_, i) => submit('during', i));
    const pollDuring = retrieve(first.requestId);
    await postgres.start();
    running.open();

    const accepted = await Promise.all([...racing, ...during]);
    const answers = await Promise.all(accepted.map(({ requestId }) => retrieve(requestId)));
    expect(answers.map(({ status }) => status)).toEqual(new Array(120).fill(200));
    expect([(await poll).status, (await pollDuring).status]).toEqual([200, 200]);
    const rows: { count: number; completed: number }[] = await source.query(
      `SELECT count(*)::int, count(*) FILTER (WHERE status = 'completed')::int AS completed FROM futures`,
    );
    expect(rows).toEqual([{ count: 121, completed: 121 }]);
    const starts = platform.script.events.filter((event) => event.startsWith('start '));
    expect([starts.length, new Set(starts).size]).toEqual([121, 121]);
  });

  it('takes an insert that was committed although its answer was lost as accepted', async () => {
    const adapter = await insertAdapter(source);
    const repository = platform.get(FutureRepository);
    const insert = repository.insert.bind(repository);
    let lost = 0;
    repository.insert = async (row, manager) => {
      await insert(row, manager);
      if (lost++ > 0) return insert(row, manager);
      throw Object.assign(new Error('cut off'), { driverError: Object.assign(new Error(), { code: 'ECONNRESET' }) });
    };
    const { requestId } = await futures.submit(operation(adapter, 'committed')).finally(() => {
      repository.insert = insert;
    });
    expect((await futures.wait(requestId, 30_000)).status).toBe('completed');
    expect(await source.query('SELECT request_id FROM futures WHERE adapter_id = $1', [adapter.id])).toEqual([
      { request_id: requestId },
    ]);
  });

  it('answers 503 and when to come again where a transaction was cut off, and leaves nothing half done', async () => {
    TransferController.crash = () => postgres.crash();
    const response = await fetch(`${platform.url}/transfer`, { method: 'POST' });
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({ error: { code: 'database_unavailable', category: 'server' } });

    await postgres.start();
    TransferController.crash = () => Promise.resolve();
    expect(await source.query(`SELECT FROM adapters WHERE model_id = 'half-done'`)).toEqual([]);
    expect((await fetch(`${platform.url}/transfer`, { method: 'POST' })).status).toBe(201);
  });
});
