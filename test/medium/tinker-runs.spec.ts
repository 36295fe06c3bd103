import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { TinkerClient } from '../support/service/tinker-client.js';

/** The list of training runs, page by page and by project. */
let database: TestDatabase;
let service: ApiApp;
let client: TinkerClient;
const models: Record<string, string[]> = {};

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startApiApp(database.url);
  client = new TinkerClient(service.url, undefined);
  for (const project_id of ['red', 'blue', null]) {
    await client.begin({ project_id });
    models[String(project_id)] = [(await client.createModel(0))[0], (await client.createModel(1))[0]].reverse();
  }
});

afterAll(async () => {
  await service.close();
  await database.drop();
});

const list = async (query: string) => {
  const { status, body } = await client.get(`training_runs?${query}`);
  const runs = (body['training_runs'] ?? []) as { training_run_id: string }[];
  return { status, ids: runs.map(({ training_run_id: id }) => id), cursor: body['cursor'] };
};

it('has all of them, newest first', async () => {
  const all = [...models['null']!, ...models['blue']!, ...models['red']!];
  expect(await list('')).toMatchObject({ status: 200, ids: all, cursor: { total_count: 6 } });
});

it('has those of one project, and counts them', async () => {
  expect(await list('project_id=red')).toMatchObject({ ids: models['red'], cursor: { total_count: 2 } });
  expect(await list('project_id=blue&limit=1&offset=1')).toMatchObject({
    ids: models['blue']!.slice(1),
    cursor: { offset: 1, limit: 1, total_count: 2 },
  });
  expect(await list('project_id=green')).toMatchObject({ ids: [], cursor: { total_count: 0 } });
});

it('follows a session into another project', async () => {
  expect(await client.send('PUT', `sessions/${client.sessionId}/project`, { project_id: 'green' })).toMatchObject({
    status: 204,
  });
  expect(await list('project_id=green')).toMatchObject({ ids: models['null'], cursor: { total_count: 2 } });
});
