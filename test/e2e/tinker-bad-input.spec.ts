import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TinkerClient } from '../support/service/tinker-client.js';
import { TestServer } from './support/server.js';

/** Every Tinker route of openapi.json with values that no client means: refused, never an error of the server's. */
interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, { readonly example?: unknown }>>;
}
interface Route {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Route>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const openApi = JSON.parse(readFileSync(path.join(import.meta.dirname, '..', '..', 'openapi.json'), 'utf8')) as OpenApi;

const TEXTS = ['a\0b', '\ud800', 'x'.repeat(10_000), '__proto__', '../..', '%', 'é'];
const VALUES: readonly unknown[] = [...TEXTS, 5, -1, 1e300, true, {}, [], ['a\0b'], { 'a\0': 'b\0' }, { a: '\ud800' }];

const routes = Object.entries(openApi.paths)
  .filter(([route]) => route.startsWith('/api/v1/'))
  .flatMap(([route, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      route: route.slice('/api/v1/'.length),
      operation,
    })),
  );
const withIds = routes.filter(({ route }) => route.includes('{'));
const withBody = routes.filter(({ operation }) => bodyOf(operation) !== undefined);
const withQuery = routes.filter(({ operation }) => operation.parameters?.some((one) => one.in === 'query'));

let server: TestServer;
let client: TinkerClient;
/** Values that exist, so that a request gets as far as it can. */
let known: Readonly<Record<string, string>>;

beforeAll(async () => {
  server = await TestServer.start();
  client = new TinkerClient(server.api.url, undefined);
  await client.begin();
  const [model_id, request_id] = await client.createModel(0);
  const saved = await client.settled('save_weights', { model_id, seq_id: 1, path: 'known' });
  const sampler = await client.post('create_sampling_session', client.baseSampler(0));
  const tinker_path = String(saved.body['path']);
  known = {
    session_id: client.sessionId,
    model_id,
    request_id,
    tinker_path,
    source_path: tinker_path,
    sampling_session_id: String(sampler.body['sampling_session_id']),
    base_model: 'tiny-chat',
  };
});

afterAll(() => server.stop());

function bodyOf({ requestBody }: Route): Schema | undefined {
  const schema = requestBody?.content['application/json']?.schema;
  return schema?.$ref === undefined ? schema : openApi.components.schemas[schema.$ref.split('/').at(-1)!];
}

function exampleOf(schema: Schema): Record<string, unknown> {
  const examples = Object.entries(schema.properties ?? {}).map(([name, { example }]) => [name, example] as const);
  return { ...Object.fromEntries(examples), ...pick(Object.keys(schema.properties ?? {})) };
}

function pick(names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => name in known).map((name) => [name, known[name]]));
}

const fill = (route: string, id?: string): string =>
  route.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(id ?? known[name] ?? 'known'));

async function statusOf(method: string, route: string, body?: object): Promise<number> {
  return (await client.send(method, route, body ?? (method === 'GET' ? undefined : {}))).status;
}

describe('ids in routes', () => {
  // A lone surrogate has no percent-encoding.
  const ids = TEXTS.filter((text) => text !== '\ud800');

  it.each(withIds)('$method $route', async ({ method, route, operation }) => {
    const schema = bodyOf(operation);
    for (const id of ids) {
      const status = await statusOf(method, fill(route, id), schema && exampleOf(schema));
      expect.soft([400, 404, 414, 431], JSON.stringify(id.slice(0, 20))).toContain(status);
    }
  });
});

describe('fields of bodies', () => {
  it.each(withBody)('$method $route', async ({ method, route, operation }) => {
    const example = exampleOf(bodyOf(operation) ?? {});
    for (const name of Object.keys(example)) {
      for (const value of VALUES) {
        const status = await statusOf(method, fill(route), { ...example, [name]: value });
        expect.soft(status, `${name}: ${JSON.stringify(value).slice(0, 40)}`).toBeLessThan(500);
      }
    }
  });
});

describe('what a client wants to remember', () => {
  const bad: Record<string, unknown> = { a: '\0' };

  it.each([
    ['save_weights', { path: 'noted' }],
    ['save_weights_for_sampler', { path: 'noted' }],
    ['load_weights', { model_id: undefined, model_seq_id: 99 }],
  ])('is checked before %s is accepted', async (route, more) => {
    const { model_id, session_id, tinker_path: path } = known;
    const answer = await client.post(route, { model_id, session_id, path, ...more, user_metadata: bad });
    expect(answer).toMatchObject({ status: 400, body: { error: { details: { field: 'user_metadata' } } } });
  });

  it('is refused where it is nested too deeply', async () => {
    const nested = `{"user_metadata": ${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`;
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`${server.api.url}/api/v1/create_session`, { method: 'POST', headers, body: nested });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('100 levels') as string } });
  });
});

describe('queries', () => {
  it.each(withQuery)('$method $route', async ({ method, route, operation }) => {
    for (const { name } of operation.parameters?.filter((one) => one.in === 'query') ?? []) {
      for (const text of [...TEXTS.filter((one) => one !== '\ud800'), '5', '-1', '1e300', '2026-99-99']) {
        const status = await statusOf(method, `${fill(route)}?${name}=${encodeURIComponent(text)}`);
        expect.soft(status, `${name}: ${text.slice(0, 40)}`).toBeLessThan(500);
      }
    }
  });
});
