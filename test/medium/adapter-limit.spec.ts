import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { TinkerClient } from '../support/service/tinker-client.js';

/** MAX_ADAPTERS_PER_KEY, on every way to make one. */
const [FIRST, SECOND] = ['tml-first', 'tml-second'];
const LIMIT = 3;
let database: TestDatabase;
let service: ApiApp;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startApiApp(database.url, { API_KEYS: `${FIRST},${SECOND}`, MAX_ADAPTERS_PER_KEY: String(LIMIT) });
});

afterAll(async () => {
  await service.close();
  await database.drop();
});

async function call(key: string, method: string, path: string, body?: object | FormData) {
  const isJson = body !== undefined && !(body instanceof FormData);
  const answer = await fetch(service.url + path, {
    method,
    headers: { 'X-API-Key': key, ...(isJson ? { 'Content-Type': 'application/json' } : {}) },
    ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : body }),
  });
  return { status: answer.status, body: (await answer.json()) as { error?: { code: string; message: string } } };
}

it('holds for each key, also for requests at the same time, and is told', async () => {
  const names = Array.from({ length: 8 }, (_, i) => `a${i}`);
  const made = await Promise.all(names.map((model_id) => call(FIRST, 'POST', '/adapters', { model_id })));
  expect(made.filter(({ status }) => status === 201)).toHaveLength(LIMIT);
  expect(made.filter(({ status }) => status === 403)).toHaveLength(names.length - LIMIT);
  const refused = made.find(({ status }) => status === 403)!.body.error;
  expect(refused).toMatchObject({ code: 'too_many_adapters', category: 'user' });
  expect(refused?.message).toMatch(/3 adapters.*DELETE \/adapters.*MAX_ADAPTERS_PER_KEY/);
  expect((await call(SECOND, 'POST', '/adapters', { model_id: 'a0' })).status).toBe(201);
  const capabilities = await call(FIRST, 'GET', '/get_server_capabilities');
  expect(capabilities.body).toMatchObject({ max_adapters_per_key: LIMIT });
});

it('holds on every way to make one, leaves nothing behind, and ends with a deletion', async () => {
  const { body } = await call(FIRST, 'GET', '/adapters');
  const names = (body as { adapters: { model_id: string }[] }).adapters.map(({ model_id }) => model_id);
  expect(names).toHaveLength(LIMIT);
  const [source = ''] = names;
  const archive = await fetch(`${service.url}/adapters/${source}/export`, { headers: { 'X-API-Key': FIRST } });
  const form = new FormData();
  form.set('file', new Blob([await archive.arrayBuffer()]), 'adapter.tar');
  const refusals = [
    await call(FIRST, 'POST', `/adapters/import?model_id=imported`, form),
    await call(FIRST, 'POST', `/adapters/${source}/fork`, { model_id: 'fork' }),
    await call(FIRST, 'POST', '/fwdbwd', { model_id: 'new', data: [[{ role: 'user', content: 'Hi' }]] }),
    await call(FIRST, 'POST', '/add_lora', { model_id: 'new' }),
  ];
  expect(refusals.map(({ status, body: { error } }) => [status, error?.code])).toEqual(
    refusals.map(() => [403, 'too_many_adapters']),
  );
  const tinker = new TinkerClient(service.url, FIRST);
  await tinker.begin();
  const lora_config = { rank: 4 };
  const request = { session_id: tinker.sessionId, model_seq_id: 0, base_model: 'tiny-chat', lora_config };
  expect(await tinker.post('create_model', request)).toMatchObject({ status: 403 });

  expect((await call(FIRST, 'DELETE', `/adapters/${names[1]}`)).status).toBe(200);
  expect((await tinker.post('create_model', request)).status).toBe(200);
  // A repeat of the request makes none, so it is answered as the first time.
  expect((await tinker.post('create_model', request)).status).toBe(200);
});
