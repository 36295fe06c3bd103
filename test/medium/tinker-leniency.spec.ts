import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { TinkerClient } from '../support/service/tinker-client.js';

/** Clients that are newer than this service: what they send beside what it knows is ignored, everywhere. */
let database: TestDatabase;
let service: ApiApp;
let client: TinkerClient;
/** The last sampling session that was made. */
let sampler = '';

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

/** The keys of the first are names of tensors; what is in the second belongs to the optimiser, and is refused. */
const KEPT = ['loss_fn_inputs', 'optimizer_config'];

/** The value with a field that nobody knows in every object, but for those. */
function newer(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown): unknown => newer(item));
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  const entries = Object.entries(fields).map(([key, item]) => [key, KEPT.includes(key) ? item : newer(item)] as const);
  return { ...Object.fromEntries(entries), field_of_tomorrow: { deep: [1] } };
}

/** Every route that takes a body, in an order in which each finds what it needs. */
const BODIES: readonly [string, string, object][] = [
  ['POST', 'client/config', { sdk_version: '9.9.9' }],
  ['POST', 'client/dynamic_config', {}],
  ['POST', 'telemetry', { events: [{ event: 'GENERIC_EVENT' }] }],
  ['POST', 'create_session', { tags: [], sdk_version: '9.9.9', type: 'create_session' }],
  ['POST', 'session_heartbeat', { session_id: 'SESSION', type: 'session_heartbeat' }],
  ['PUT', 'sessions/SESSION/project', { project_id: 'p' }],
  [
    'POST',
    'create_model',
    { session_id: 'SESSION', model_seq_id: 0, base_model: 'tiny-chat', lora_config: { rank: 4 }, optimizer_config: {} },
  ],
  ['POST', 'get_info', { model_id: 'MODEL' }],
  ['POST', 'forward_backward', forward('forward_backward_input', 1)],
  ['POST', 'forward', forward('forward_input', 2)],
  ['POST', 'optim_step', { model_id: 'MODEL', seq_id: 3, adam_params: { learning_rate: 1e-4 } }],
  ['POST', 'save_weights', { model_id: 'MODEL', seq_id: 4, path: 'a' }],
  ['POST', 'save_weights_for_sampler', { model_id: 'MODEL', seq_id: 5, sampling_session_seq_id: 0 }],
  ['POST', 'load_weights', { model_id: 'MODEL', seq_id: 6, path: 'tinker://MODEL/weights/a', optimizer: true }],
  ['POST', 'save_weights_external', { model_id: 'MODEL', seq_id: 7, path: 'b' }],
  ['POST', 'copy_weights', { session_id: 'SESSION', model_seq_id: 1, source_path: 'tinker://MODEL/weights/a' }],
  ['POST', 'weights_info', { tinker_path: 'tinker://MODEL/weights/a' }],
  ['PUT', 'training_runs/MODEL/checkpoints/weights/a/ttl', { ttl_seconds: 60 }],
  ['POST', 'training_runs/MODEL/checkpoints/weights/a/publish', {}],
  ['POST', 'create_sampling_session', { session_id: 'SESSION', sampling_session_seq_id: 1, base_model: 'tiny-chat' }],
  ['POST', 'retrieve_futures', { target: { sampling_session_id: 'SAMPLER' }, prev_cursor: 0, timeout: 0 }],
  [
    'POST',
    'asample',
    {
      base_model: 'tiny-chat',
      num_samples: 1,
      prompt: { chunks: [{ type: 'encoded_text', tokens: [5] }] },
      sampling_params: { max_tokens: 2 },
    },
  ],
  ['POST', 'unload_model', { model_id: 'MODEL' }],
  ['POST', 'sessions/search', { owner: { type: 'own' }, statuses: [{ type: 'active' }], limit: 1 }],
  ['POST', 'sessions/SESSION/finish', { reason: { type: 'success' }, detail: 'done' }],
];
/** These two name a request that is made below. */
const ABOUT_A_REQUEST = ['retrieve_future', 'cancel_future'];

function forward(input: string, seq_id: number) {
  const datum = {
    model_input: { chunks: [{ type: 'encoded_text', tokens: [5, 6] }] },
    loss_fn_inputs: { target_tokens: { data: [6, 7], dtype: 'int64', shape: [2] } },
  };
  return { model_id: 'MODEL', seq_id, [input]: { data: [datum], loss_fn: 'cross_entropy' } };
}

const named = (text: string) =>
  text
    .replaceAll('MODEL', `${client.sessionId}:train:0`)
    .replaceAll('SESSION', client.sessionId)
    .replaceAll('SAMPLER', sampler);

it('unknown fields of bodies are ignored, at every depth', async () => {
  for (const [method, path, body] of BODIES) {
    const sent = JSON.parse(named(JSON.stringify(newer(body)))) as object;
    const { status, body: answer } = await client.send(method, named(path), sent);
    expect(status, `${method} ${path}: ${JSON.stringify(answer)}`).toBeLessThan(300);
    if (typeof answer['sampling_session_id'] === 'string') sampler = answer['sampling_session_id'];
    if (typeof answer['request_id'] !== 'string') continue;
    const result = await client.send('POST', 'retrieve_future', {
      request_id: answer['request_id'],
      field_of_tomorrow: 1,
    });
    expect(result.status, path).toBe(200);
    expect(result.body, path).not.toHaveProperty('error');
    const given_up = { request_id: answer['request_id'], field_of_tomorrow: 1 };
    expect((await client.send('POST', 'cancel_future', given_up)).status).toBe(204);
  }
});

it.each([
  [
    'create_model',
    { session_id: 'SESSION', model_seq_id: 50, base_model: 'tiny-chat', lora_config: [] },
    'lora_config',
  ],
  ['optim_step', { model_id: 'MODEL', seq_id: 50, adam_params: [] }, 'adam_params'],
  [
    'asample',
    { base_model: 'tiny-chat', prompt: { chunks: [{ tokens: [5] }] }, sampling_params: [] },
    'sampling_params',
  ],
  ['sessions/SESSION/finish', { reason: [] }, 'reason'],
  ['sessions/search', { owner: [] }, 'owner'],
])('%s refuses a list where an object belongs', async (path, body, field) => {
  const sent = JSON.parse(named(JSON.stringify(body))) as object;
  const answer = await client.send('POST', named(path), sent);
  expect(answer).toMatchObject({ status: 400, body: { error: { details: { field } } } });
  expect((answer.body['error'] as { message: string }).message).toContain(`${field} must be an object`);
});

it('a body that is not a JSON object is refused as such', async () => {
  for (const [type, body] of [
    ['application/json', '[]'],
    ['application/x-protobuf', '\n\0'],
    ['text/plain', '{}'],
  ] as const) {
    const headers = { 'Content-Type': type };
    const answer = await fetch(`${service.url}/api/v1/asample`, { method: 'POST', headers, body });
    expect(answer.status, type).toBe(400);
    expect(await answer.json(), type).toMatchObject({
      error: { message: 'The request body is not a JSON object.' },
    });
  }
});

it('unknown fields of queries are ignored', async () => {
  const lists = [
    'training_runs',
    'checkpoints',
    'sessions',
    'audit',
    'billing/usage/checkpoints/current',
    'get_server_capabilities',
  ];
  for (const path of [...lists, `sessions/${client.sessionId}`, named('training_runs/MODEL')]) {
    expect(await client.get(`${path}?field_of_tomorrow=1&access_scope=owned`), path).toMatchObject({ status: 200 });
  }
});

it('no route with a body is missing here', async () => {
  const document = JSON.parse(await readFile('openapi.json', 'utf8')) as { paths: Record<string, object> };
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => path.startsWith('/api/v1/') && ['post', 'put', 'patch'].includes(method))
      .map((method) => `${method.toUpperCase()} ${path.slice('/api/v1/'.length).replace(/\{\w+\}/g, '*')}`),
  );
  const tried = BODIES.map(
    ([method, path]) => `${method} ${path.replace(/SESSION|MODEL|weights(?=\/a\/)|(?<=weights\/)a(?=\/)/g, '*')}`,
  );
  expect([...new Set([...tried, ...ABOUT_A_REQUEST.map((path) => `POST ${path}`)])].sort()).toEqual(described.sort());
});
