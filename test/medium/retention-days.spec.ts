import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IdleAdapters } from '../../src/modules/adapters/idle-adapters.js';
import { UsageRetention } from '../../src/modules/usage/usage-retention.js';
import { ApiClient } from '../e2e/support/client.js';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { waitFor } from '../support/wait-for.js';

interface Adapters {
  readonly adapters: readonly { readonly model_id: string; readonly busy: boolean }[];
}

/** What operators let go of after days: ADAPTER_RETENTION_DAYS and USAGE_RETENTION_DAYS. */
describe('retention in days', () => {
  let database: TestDatabase;
  let app: ApiApp;
  let api: ApiClient;

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startApiApp(database.url, { ADAPTER_RETENTION_DAYS: '30', USAGE_RETENTION_DAYS: '90' });
    api = new ApiClient(app.url);
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const adapters = async () => (await api.get<Adapters>('/adapters')).body.adapters;
  const names = async () => (await adapters()).map(({ model_id }) => model_id).sort();

  it('deletes adapters that nobody has used for so long, but none that an alias needs', async () => {
    for (const model_id of ['forgotten', 'behind-an-alias', 'in-use']) await api.post('/adapters', { model_id });
    expect((await api.put('/aliases/support', { target: 'behind-an-alias' })).status).toBeLessThan(300);
    await waitFor('nothing runs', async () => (await adapters()).every(({ busy }) => !busy));
    await database.query(`UPDATE adapters SET last_used_at = now() - interval '31 days' WHERE model_id <> 'in-use'`);
    await database.query(`UPDATE adapters SET last_used_at = now() - interval '29 days' WHERE model_id = 'in-use'`);
    expect(await app.app.get(IdleAdapters).sweep()).toBe(1);
    expect(await names()).toEqual(['behind-an-alias', 'in-use']);
    const [{ kind } = {}] = await database.query<{ kind?: string }>(
      `SELECT kind FROM futures WHERE model_id = 'forgotten' ORDER BY position DESC LIMIT 1`,
    );
    expect(kind).toBe('delete_adapter');
    expect(await app.app.get(IdleAdapters).sweep()).toBe(0);
  });

  it('deletes usage that is older', async () => {
    const insert = (daysAgo: number) =>
      database.query(
        `INSERT INTO usage_hours (owner, hour, session_id, model_id, base_model, kind, requests, prompt_tokens,
                                  trained_tokens, sampled_tokens, running_ms)
         VALUES ('key_old', date_trunc('hour', now()) - $1 * interval '1 day', '', 'm', 'b', 'generate', 1, 1, 1, 1, 1)`,
        [daysAgo],
      );
    for (const days of [200, 91, 89]) await insert(days);
    expect(await app.app.get(UsageRetention).sweep()).toBe(2);
    expect(await database.query(`SELECT FROM usage_hours WHERE owner = 'key_old'`)).toHaveLength(1);
  });
});
