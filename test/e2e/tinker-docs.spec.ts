import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { type ApiDocument, fetchDocument, mismatches, type Route, routesOf } from './support/api-document.js';
import { TestServer } from './support/server.js';

/** Needs a key of the database. From the making of one on the server asks for keys, so this is the last. */
const REVOKE = 'DELETE /api/v1/auth/apikey/me';

/** The Tinker routes, in an order in which each finds what it needs. */
const ORDER = [
  'GET /api/v1/healthz',
  'POST /api/v1/client/config',
  'POST /api/v1/client/dynamic_config',
  'POST /api/v1/telemetry',
  'GET /api/v1/get_server_capabilities',
  'GET /hf/{path}',
  'POST /api/v1/create_session',
  'POST /api/v1/session_heartbeat',
  'PUT /api/v1/sessions/{session_id}/project',
  'POST /api/v1/create_model',
  'POST /api/v1/get_info',
  'POST /api/v1/forward',
  'POST /api/v1/forward_backward',
  'POST /api/v1/optim_step',
  'POST /api/v1/save_weights',
  'POST /api/v1/save_weights_for_sampler',
  'POST /api/v1/save_weights_external',
  'POST /api/v1/load_weights',
  'POST /api/v1/weights_info',
  'POST /api/v1/copy_weights',
  'POST /api/v1/create_sampling_session',
  'GET /api/v1/samplers/{sampler_id}',
  'POST /api/v1/asample',
  'POST /api/v1/unload_model',
  'POST /api/v1/retrieve_future',
  'POST /api/v1/retrieve_futures',
  'POST /api/v1/cancel_future',
  'GET /api/v1/training_runs',
  'GET /api/v1/training_runs/{training_run_id}',
  'GET /api/v1/checkpoints',
  'GET /api/v1/training_runs/{training_run_id}/checkpoints',
  ...['POST', 'DELETE'].map((method) => `${method} ${checkpoint('/publish')}`),
  `PUT ${checkpoint('/ttl')}`,
  `GET ${checkpoint('/archive')}`,
  'GET /api/v1/archives/{token}',
  'GET /api/v1/training_runs/{training_run_id}/checkpoints/external_weights/{name}/external_weights_urls',
  'GET /api/v1/files/{token}',
  `DELETE ${checkpoint('')}`,
  'POST /api/v1/sessions/search',
  'GET /api/v1/sessions',
  'GET /api/v1/sessions/{session_id}',
  'GET /api/v1/audit',
  'GET /api/v1/sessions/{session_id}/trace_export',
  'GET /api/v1/traces/{token}',
  'GET /api/v1/billing/usage/events',
  'GET /api/v1/billing/usage/checkpoints/current',
  'POST /api/v1/sessions/{session_id}/finish',
  'GET /api/v1/auth/apikey/me',
  REVOKE,
];

function checkpoint(action: string): string {
  return `/api/v1/training_runs/{training_run_id}/checkpoints/{kind}/{name}${action}`;
}

let server: TestServer;
let api: ApiDocument;
let routes: Map<string, Route>;

/** What every request is sent with. */
const headers: Record<string, string> = {};

/** Ids in the examples, and those that the server returned instead. */
const ids = new Map<string, string>();

beforeAll(async () => {
  server = await TestServer.start();
  api = await fetchDocument(server);
  routes = new Map([...routesOf(api)].filter(([name]) => / \/(api\/v1|hf)\//.test(name)));
  expect((await server.api.post('/adapters', { model_id: 'my-model' })).status).toBe(201);
});

afterAll(() => server.stop());

it('gives examples that work, and describes every answer to them', async () => {
  expect([...routes.keys()].sort()).toEqual([...ORDER].sort());
  for (const name of ORDER) {
    const route = routes.get(name)!;
    const bodies = Object.entries(route.requestBody?.content['application/json']?.examples ?? {});
    if (name === REVOKE) await beginToAskForKeys();
    if (route.requestBody) expect(bodies, name).not.toEqual([]);
    if (bodies.length === 0) await send(name, route);
    for (const [title, { value }] of bodies) await send(name, route, withIds(value), `${name}, ${title}`);
  }
}, 120_000);

/** Sends a request as Swagger UI does; what it asks for must come, too. */
async function send(name: string, route: Route, body?: unknown, title = name): Promise<void> {
  const answer = await fetch(server.api.url + address(name, route), {
    method: name.split(' ')[0],
    headers: { ...headers, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  expect(answer.ok, `${title}: ${answer.status} ${text}`).toBe(true);
  const link = /archives\/([^/"]+)$/.exec(answer.url)?.[1];
  if (link) ids.set('WyJjaGVja3BvaW50XzAxSiIsMV0.c2lnbmF0dXJl', link);
  const file = /files\/([^/"]+)"/.exec(text)?.[1];
  if (file) ids.set('WyJjaGVja3BvaW50XzAxSi9hZGFwdGVyX2NvbmZpZy5qc29uIiwxXQ.c2lnbmF0dXJl', file);
  const trace = /traces\/([^/"]+)"/.exec(text)?.[1];
  if (trace) ids.set('WyJ0cmFjZS8vc2Vzc2lvbl8wMUoiLDFd.c2lnbmF0dXJl', trace);
  // A redirect was followed: the answer is that of the next route.
  if (answer.redirected) return;
  expect(route.responses, title).toHaveProperty(String(answer.status));
  const schema = route.responses[answer.status]?.content?.['application/json']?.schema;
  if (!schema || !answer.headers.get('content-type')?.includes('json')) return;
  const json = JSON.parse(text) as Record<string, unknown>;
  expect(mismatches(api.components.schemas, schema, json), title).toEqual([]);
  await remember(title, json);
}

async function beginToAskForKeys(): Promise<void> {
  const key = 'tml-key-of-the-docs';
  const hash = createHash('sha256').update(key).digest('hex');
  const row = [`key_${hash.slice(0, 16)}`, 'docs', hash];
  await server.database.query('INSERT INTO api_keys (id, name, hash) VALUES ($1, $2, $3)', row);
  await waitFor('that a key is asked for', async () => (await server.api.get('/adapters')).status === 401);
  headers['X-API-Key'] = key;
}

async function remember(title: string, json: Record<string, unknown>): Promise<void> {
  for (const [example, field] of [
    ['session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC', 'session_id'],
    ['sampler_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC', 'sampling_session_id'],
    ['future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC', 'request_id'],
  ] as const) {
    if (typeof json[field] === 'string') ids.set(example, json[field]);
  }
  if (typeof json['request_id'] !== 'string') return;
  const result = await server.api.post('/api/v1/retrieve_future', { request_id: json['request_id'] });
  expect(result.body, title).not.toHaveProperty('error');
  const { schema } = routes.get('POST /api/v1/retrieve_future')!.responses['200']!.content!['application/json']!;
  expect(mismatches(api.components.schemas, schema!, result.body), `the result of ${title}`).toEqual([]);
}

/** The path with its parameters' examples, encoded as Swagger UI does, and the query's. */
function address(name: string, { parameters = [] }: Route): string {
  const query = new URLSearchParams();
  let path = name.slice(name.indexOf(' ') + 1);
  for (const { name: parameter, in: location, example, schema } of parameters) {
    const value = String(withIds(example ?? schema?.example));
    if (location === 'path') path = path.replace(`{${parameter}}`, encodeURIComponent(value));
    if (location === 'query') query.set(parameter, value);
  }
  return query.size > 0 ? `${path}?${query.toString()}` : path;
}

function withIds(value: unknown): unknown {
  const text = [...ids].reduce((all, [example, id]) => all.replaceAll(example, id), JSON.stringify(value));
  return JSON.parse(text);
}

it('documents protobuf beside JSON', () => {
  const bytes = { 'application/x-protobuf': { schema: { type: 'string', format: 'binary' } } };
  for (const path of ['forward', 'forward_backward']) {
    const content = routes.get(`POST /api/v1/${path}`)!.requestBody!.content;
    expect(content).toMatchObject({ 'application/json': {}, ...bytes });
  }
  expect(routes.get('POST /api/v1/retrieve_future')!.responses['200']!.content).toMatchObject(bytes);
});
