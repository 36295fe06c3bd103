import { afterAll, beforeAll, expect, it } from 'vitest';
import { CheckpointExpiry } from '../../src/modules/checkpoints/worker/checkpoint-expiry.js';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { TinkerClient } from '../support/service/tinker-client.js';
import { waitFor } from '../support/wait-for.js';

/** What the audit log tells of things that nobody asked for, and of requests that came to nothing. */
let database: TestDatabase;
let service: ApiApp;
let client: TinkerClient;
let models = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startApiApp(database.url);
  client = new TinkerClient(service.url, undefined);
  await client.begin();
});

afterAll(async () => {
  await service.close();
  await database.drop();
});

const entriesOf = async (model_id: string) => {
  const { body } = await client.get('audit?event_type=checkpoints');
  return (body['entries'] as Record<string, unknown>[]).filter((entry) => entry['model_id'] === model_id);
};

it('a checkpoint that expires leaves an event, once', async () => {
  const [model_id] = await client.createModel(models++);
  const { body } = await client.settled('save_weights', { model_id, path: 'short', ttl_seconds: 1 });
  await client.settled('save_weights', { model_id, path: 'long', ttl_seconds: 3600 });
  const expiry = service.app.get(CheckpointExpiry, { strict: false });
  await waitFor('the end of its time', async () => {
    await Promise.all([expiry.sweep(), expiry.sweep()]);
    return (await entriesOf(model_id)).length > 2;
  });
  const [, , ...events] = await entriesOf(model_id);
  expect(events).toMatchObject([{ event: 'checkpoint_expire', tinker_path: body['path'] }]);
  expect(Date.parse(String((events[0]!['event_details'] as Record<string, unknown>)['expires_at']))).not.toBeNaN();
  expect((await client.get(`training_runs/${model_id}/checkpoints`)).body['checkpoints']).toHaveLength(1);
});

it('checkpoints that go with their model leave events', async () => {
  const [model_id] = await client.createModel(models++);
  const { body } = await client.settled('save_weights', { model_id, path: 'state' });
  await client.settled('save_weights_for_sampler', { model_id });
  expect((await fetch(`${service.url}/adapters/${model_id}`, { method: 'DELETE' })).status).toBe(200);
  await waitFor('the deletion', async () => (await entriesOf(model_id)).length > 2);
  expect((await entriesOf(model_id)).slice(2)).toMatchObject([
    { event: 'checkpoint_delete', tinker_path: body['path'], event_details: { cause: 'model_delete' } },
  ]);
});

it('saves and loads that failed are told from those that are done', async () => {
  const [model_id] = await client.createModel(models++);
  const { body } = await client.settled('save_weights', { model_id, seq_id: 1, path: 'state' });
  await client.settled('save_weights', { model_id, seq_id: 2, path: 'state' });
  await client.settled('save_weights_for_sampler', { model_id, seq_id: 3, path: 'best' });
  const path = `tinker://${model_id}/sampler_weights/best`;
  await client.settled('load_weights', { model_id, seq_id: 4, path, optimizer: true });
  await client.settled('load_weights', { model_id, seq_id: 5, path });
  expect(await entriesOf(model_id)).toMatchObject([
    { event: 'checkpoint_save', tinker_path: body['path'], event_details: { status: 'completed' } },
    { event: 'checkpoint_save', tinker_path: null, event_details: { status: 'failed', error: 'checkpoint_exists' } },
    { event: 'checkpoint_save', tinker_path: path, event_details: { status: 'completed' } },
    { event: 'checkpoint_load', tinker_path: null, event_details: { status: 'failed' } },
    { event: 'checkpoint_load', tinker_path: path, event_details: { status: 'completed' } },
  ]);
});
