import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FuturesService } from '../../../src/modules/futures/index.js';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.js';
import { insertAdapter, operation, startPlatform, type TestPlatform } from '../../support/service/test-platform.js';
import { waitFor } from '../../support/wait-for.js';

const MB = 2 ** 20;

describe('a worker with large requests', () => {
  let database: TestDatabase;
  let platform: TestPlatform;
  let futures: FuturesService;

  beforeAll(async () => {
    database = await createTestDatabase();
    platform = await startPlatform({ databaseUrl: database.url, env: { BODIES_IN_FLIGHT_MB: '5' } });
    futures = platform.get(FuturesService);
  });

  afterAll(async () => {
    await platform.app.close();
    await database.drop();
  });

  const submit = async (label: string, megabytes: number) => {
    const wish = operation(await insertAdapter(platform.get(DataSource)), label);
    const request = { json: { label, filler: 'x'.repeat(megabytes * MB) }, tensors: {} };
    return (await futures.submit({ ...wish, request })).requestId;
  };
  const running = async () => (await database.query(`SELECT model_id FROM futures WHERE status = 'running'`)).length;

  it('holds as many at once as fit, in their order, and small ones pass by', async () => {
    const { script } = platform;
    const labels = ['first', 'second', 'third'];
    const gates = labels.map((label) => script.hold(label));
    const ids = [];
    for (const [i, label] of labels.entries()) {
      ids.push(await submit(label, 2));
      await waitFor('it is claimed', async () => (await running()) === i + 1);
    }
    await waitFor('two have begun', () => script.events.length === 2);
    expect((await futures.wait(await submit('small', 0), 20_000)).status).toBe('completed');
    expect(script.events).toEqual(['start first', 'start second', 'start small', 'end small']);

    for (const gate of gates) gate.open();
    for (const id of ids) expect((await futures.wait(id, 20_000)).status).toBe('completed');
    expect(script.starts('third')).toBe(1);
  });

  it('takes one that is larger than all it may hold', async () => {
    const { status, result } = await futures.wait(await submit('huge', 6), 20_000);
    expect(status).toBe('completed');
    expect(String(result?.json['filler'])).toHaveLength(6 * MB);
  });
});
