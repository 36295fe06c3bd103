import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AcceptedAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

interface Schema {
  readonly description?: string;
  readonly example?: unknown;
  readonly $ref?: string;
  readonly allOf?: unknown;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Route {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly { readonly name: string; readonly description?: string }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly examples?: Readonly<Record<string, { value: object }>> }>>;
  };
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Route>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** In an order in which each finds what it needs. */
const POSTS = [
  ...['/adapters', '/add_lora', '/get_info', '/fwd', '/fwdbwd', '/optim_step', '/save_weights'],
  ...['/save_weights_for_sampler', '/load_weights', '/generate', '/retrieve_future', '/remove_lora'],
];

let server: TestServer;
let api: OpenApi;

beforeAll(async () => {
  server = await TestServer.start();
  const { paths, components } = (await server.api.get<OpenApi>('/docs-json')).body;
  // The routes of the Tinker SDK are described by its own protocol and tested with it (test/sdk).
  const ours = Object.entries(paths).filter(([path]) => !/^\/(api\/v1|hf)\//.test(path));
  api = { components, paths: Object.fromEntries(ours) };
});

afterAll(() => server.stop());

it('describe every route, with a command to try it, and every answer', () => {
  const missing = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, route]) => [
      ...(route.summary ? [] : [`${method} ${path}: summary`]),
      ...(route.description?.includes('curl') ? [] : [`${method} ${path}: command`]),
      ...(route.parameters ?? [])
        .filter((parameter) => !parameter.description)
        .map((parameter) => `${method} ${path}: ${parameter.name}`),
      ...Object.entries(route.responses)
        .filter(([, response]) => !response.description)
        .map(([status]) => `${method} ${path}: answer ${status}`),
    ]),
  );
  expect(missing).toEqual([]);
});

it('describe every field, with an example', () => {
  const isObject = ({ $ref, allOf, items }: Schema): boolean => [$ref, allOf, items?.$ref].some(Boolean);
  const missing = Object.entries(api.components.schemas).flatMap(([name, schema]) =>
    Object.entries(schema.properties ?? {})
      .filter(([, field]) => !field.description || !('example' in field || isObject(field)))
      .map(([field]) => `${name}.${field}`),
  );
  expect(missing).toEqual([]);
});

it('give bodies that work as they stand', async () => {
  const described = Object.keys(api.paths).filter((path) => api.paths[path]?.['post']);
  expect(described.filter((path) => path !== '/adapters/import').sort()).toEqual([...POSTS].sort());
  let last = '';
  for (const path of POSTS) {
    const examples = api.paths[path]!['post']!.requestBody!.content['application/json']!.examples ?? {};
    expect(Object.keys(examples), path).not.toEqual([]);
    for (const [name, { value }] of Object.entries(examples)) {
      const body = path === '/retrieve_future' ? { ...value, request_id: last } : value;
      const answer = await fetch(server.api.url + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      expect(answer.ok, `${path}, ${name}: ${text}`).toBe(true);
      if (answer.headers.get('content-type')?.includes('json')) last = (JSON.parse(text) as AcceptedAnswer).request_id;
      // What comes later needs what this makes; what fails late fails here.
      if (last && path !== '/retrieve_future') expect((await server.api.retrieve(last)).status, path).toBe(200);
    }
  }
});
