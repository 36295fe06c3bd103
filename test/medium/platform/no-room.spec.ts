import { DataSource, QueryFailedError } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StorageFullError } from '../../../src/common/errors/storage.errors.js';
import { FuturesService } from '../../../src/modules/futures/index.js';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.js';
import { insertAdapter, operation, startPlatform, type TestPlatform } from '../../support/service/test-platform.js';
import { waitFor } from '../../support/wait-for.js';

const NO_ROOM = () => new StorageFullError('checkpoint a', '/data');
/** As TypeORM reports what Postgres says on a full disk. */
const DATABASE_FULL = () =>
  new QueryFailedError('INSERT', [], Object.assign(new Error('could not extend file'), { code: '53100' }));

describe('operations that find no room', () => {
  let database: TestDatabase;
  let platform: TestPlatform;
  let futures: FuturesService;

  beforeAll(async () => {
    database = await createTestDatabase();
    // One slot: whoever waits for room must not keep it.
    platform = await startPlatform({ databaseUrl: database.url, env: { QUEUE_CONCURRENCY: '1' } });
    futures = platform.get(FuturesService);
  });

  afterAll(async () => {
    await platform.app.close();
    await database.drop();
  });

  const statusOf = async (requestId: string) => (await futures.get(requestId)).status;
  const send = async (modelId: string, label: string) => {
    const source = platform.get(DataSource);
    const adapter = await insertAdapter(source, modelId);
    return { adapter, requestId: (await futures.submit(operation(adapter, label))).requestId };
  };

  it.each([
    ['on the disk', NO_ROOM],
    ["on the database's disk", DATABASE_FULL],
  ])('run again until there is some: %s', async (where, error) => {
    platform.script.failWith(where, error(), 2);
    const { adapter, requestId } = await send(`m ${where}`.replaceAll(/[^a-z]/g, '-'), where);
    const { requestId: behind } = await futures.submit(operation(adapter, `behind ${where}`));
    await waitFor('the answer', async () => (await statusOf(behind)) === 'completed');
    expect(await statusOf(requestId)).toBe('completed');
    expect(platform.script.starts(where)).toBe(3);
    const { events } = platform.script;
    expect(events.lastIndexOf(`end ${where}`)).toBeLessThan(events.indexOf(`start behind ${where}`));
  });

  it('hold up nobody else, and no shutdown', async () => {
    platform.script.failWith('never', NO_ROOM());
    const { requestId } = await send('stuck', 'never');
    await waitFor('two tries', () => platform.script.starts('never') > 1);
    const { requestId: other } = await send('free', 'other');
    await waitFor('the answer of another adapter', async () => (await statusOf(other)) === 'completed');
    expect(['pending', 'running']).toContain(await statusOf(requestId));
    await platform.app.close();
    const [row] = await database.query<{ status: string; deaths: number }>(
      'SELECT status, deaths FROM futures WHERE request_id = $1',
      [requestId],
    );
    expect(row).toEqual({ status: 'pending', deaths: 0 });
  });
});
