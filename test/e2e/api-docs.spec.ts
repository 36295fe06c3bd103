import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiDocument, fetchDocument, mismatches, routesOf, type Schema } from './support/api-document.js';
import { type AcceptedAnswer } from './support/client.js';
import { docsOptions, expectWorkingPage } from './support/page.js';
import { TestServer } from './support/server.js';

/** In an order in which each finds what it needs. */
const POSTS = [
  '/loss_functions',
  '/loss_functions/preview',
  '/adapters',
  '/add_lora',
  '/get_info',
  '/fwd',
  '/fwdbwd',
  '/optim_step',
  '/adapters/{model_id}/rewind',
  '/adapters/{model_id}/fork',
  '/save_weights',
  '/save_weights_for_sampler',
  '/load_weights',
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/messages/count_tokens',
  '/v1/messages',
  '/generate',
  '/retrieve_future',
  '/remove_lora',
];

/** Of every kind of request: its schema is chosen by "kind". */
const RESULT = (): Schema =>
  api.paths['/retrieve_future']!['post']!.responses['200']!.content!['application/json']!.schema!;

let server: TestServer;
let api: ApiDocument;

beforeAll(async () => {
  server = await TestServer.start();
  api = await fetchDocument(server);
});

afterAll(() => server.stop());

it('describe every route, with a command to try it, and every answer', () => {
  const missing = [...routesOf(api)].flatMap(([name, route]) => [
    ...(route.summary ? [] : [`${name}: summary`]),
    ...(route.description?.includes('curl') ? [] : [`${name}: command`]),
    ...(route.parameters ?? [])
      .filter((parameter) => !parameter.description || (parameter.example ?? parameter.schema?.example) === undefined)
      .map((parameter) => `${name}: ${parameter.name}`),
    ...Object.entries(route.responses)
      .filter(([, response]) => !response.description)
      .map(([status]) => `${name}: answer ${status}`),
  ]);
  expect(missing).toEqual([]);
});

it('give every route a group that is described, and a name of its own', () => {
  const routes = [...routesOf(api).values()];
  const groups = api.tags.map(({ name }) => name);
  expect(routes.filter(({ tags = [] }) => tags.length !== 1 || !groups.includes(tags[0]!))).toEqual([]);
  expect(new Set(routes.map(({ operationId }) => operationId)).size).toBe(routes.length);
});

it('ask for a key where the server does', () => {
  const open = [...routesOf(api)].filter(([, { security }]) => security?.length === 0).map(([name]) => name);
  expect(open.sort()).toEqual([
    'GET /',
    'GET /api/v1/archives/{token}',
    'GET /api/v1/files/{token}',
    'GET /api/v1/healthz',
    'GET /api/v1/traces/{token}',
    'GET /healthz',
    'GET /hf/{path}',
    'GET /readyz',
  ]);
});

it('say that a refusal has the shape of an error', () => {
  const refusals = [...routesOf(api)].flatMap(([name, { responses }]) =>
    Object.entries(responses)
      .filter(([status]) => /^(default|4..|5..)$/.test(status))
      .map(([status, { content }]) => [`${name} ${status}`, content?.['application/json']?.schema?.$ref] as const),
  );
  const shapeOf = (name: string) =>
    name.includes(' /v1/messages') ? 'AnthropicErrorDto' : name.includes(' /v1/') ? 'OpenAiErrorDto' : 'ErrorDto';
  const others = refusals
    .filter(([name, ref]) => ref !== `#/components/schemas/${shapeOf(name)}`)
    .map(([name]) => name);
  // Readiness tells what is missing, the Tinker SDK reads 408 as "ask again", and the hub has an error shape of its own.
  expect(others.sort()).toEqual(['GET /hf/{path} 404', 'GET /readyz 503', 'POST /api/v1/retrieve_future 408']);
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

it('have patterns that mean the same in a browser, which reads them without flags', () => {
  const parameters = [...routesOf(api).values()].flatMap((route) => route.parameters ?? []);
  const fields = Object.values(api.components.schemas).flatMap((schema) => Object.values(schema.properties ?? {}));
  const checked = [...parameters.map(({ schema, example }) => ({ example, ...schema })), ...fields].flatMap(
    ({ pattern, example }) =>
      pattern === undefined ? [] : [{ pattern, fits: new RegExp(pattern).test(String(example)) }],
  );
  expect(checked.length).toBeGreaterThan(0);
  expect(checked.filter(({ fits }) => !fits)).toEqual([]);
});

it('give each refusal an example of its own status', () => {
  const wrong = [...routesOf(api)].flatMap(([name, { responses }]) =>
    ['401', '404', '429', '503'].flatMap((status) => {
      const content = responses[status]?.content?.['application/json'];
      if (content?.schema?.$ref !== '#/components/schemas/ErrorDto') return [];
      return (content.example as { status_code?: number } | undefined)?.status_code === Number(status)
        ? []
        : [`${name} ${status}`];
    }),
  );
  expect(wrong).toEqual([]);
});

const JOBS = '/v1/fine_tuning/jobs';
const JOB_ACTIONS = ['cancel', 'pause', 'resume'].map((action) => `${JOBS}/{fine_tuning_job_id}/${action}`);

const ALIAS_ACTIONS = ['promote', 'rollback'].map((action) => `/aliases/{alias}/${action}`);

/**
 * Files, a key, a hub or a history that must exist, what is refused: api-checkpoints, files, fine-tuning, feedback,
 * captures, exports, api-admin, keys-and-limits, api-futures, webhooks, console and openai.spec.ts.
 */
const ELSEWHERE = [
  '/adapters/import',
  '/v1/files',
  JOBS,
  ...JOB_ACTIONS,
  ...ALIAS_ACTIONS,
  '/v1/feedback',
  '/v1/feedback/files',
  '/adapters/{model_id}/push',
  '/admin/hand_over',
  '/admin/adapters/{adapter_id}/hand_over',
  '/admin/keys',
  '/admin/queue/pause',
  '/admin/queue/resume',
  '/admin/workers/{worker_id}/drain',
  '/admin/workers/{worker_id}/resume',
  '/futures/{request_id}/cancel',
  '/webhooks',
  '/webhooks/{webhook_id}/ping',
  '/webhooks/{webhook_id}/rotate_secret',
  '/v1/embeddings',
  '/console/session',
];

it('give bodies that work as they stand', async () => {
  // Those of the Tinker API: tinker-docs.spec.ts.
  const ours = Object.keys(api.paths).filter((path) => !path.startsWith('/api/v1/'));
  const described = ours.filter((path) => api.paths[path]?.['post']);
  expect(described.filter((path) => !ELSEWHERE.includes(path)).sort()).toEqual([...POSTS].sort());
  let last = '';
  for (const path of POSTS) {
    const examples = api.paths[path]!['post']!.requestBody!.content['application/json']!.examples ?? {};
    expect(Object.keys(examples), path).not.toEqual([]);
    for (const [name, { value }] of Object.entries(examples)) {
      const body = path === '/retrieve_future' ? { ...value, request_id: last } : value;
      const answer = await fetch(server.api.url + path.replace('{model_id}', 'my-model'), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      expect(answer.ok, `${path}, ${name}: ${text}`).toBe(true);
      if (answer.headers.get('content-type')?.includes('json')) {
        const json = JSON.parse(text) as AcceptedAnswer;
        const { schema } = api.paths[path]!['post']!.responses[answer.status]!.content!['application/json']!;
        expect(mismatches(api.components.schemas, schema!, json), `${path}, ${name}`).toEqual([]);
        last = json.request_id;
      } else {
        const { schema } = api.paths[path]!['post']!.responses[answer.status]!.content!['text/event-stream']!;
        const events = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data = '']): unknown => JSON.parse(data));
        expect(events.length, `${path}, ${name}`).toBeGreaterThan(1);
        const wrong = events.flatMap((event) => mismatches(api.components.schemas, schema!, event));
        expect(wrong, `${path}, ${name}`).toEqual([]);
      }
      // What comes later needs what this makes; what fails late fails here.
      if (last && path !== '/retrieve_future') {
        const result = await server.api.retrieve(last);
        expect(result.status, path).toBe(200);
        expect(mismatches(api.components.schemas, RESULT(), result.body), `result of ${path}, ${name}`).toEqual([]);
      }
    }
  }
});

it('are a page that loads what it needs from this server alone', () => expectWorkingPage(`${server.api.url}/docs`));

it('fill no optional field of a form, and name the server that they come from', async () => {
  const { spec } = await docsOptions(server.api.url);
  const optional = [...routesOf(spec).values()].flatMap(({ parameters = [] }) => parameters.filter((p) => !p.required));
  expect(optional.length).toBeGreaterThan(0);
  expect(optional.filter(({ example, schema }) => (example ?? schema?.example) !== undefined)).toEqual([]);
  expect(optional.filter(({ description }) => !description?.includes('Example: '))).toEqual([]);
  expect(spec.paths['/fwdbwd']?.['post']?.description).toContain(`curl -X POST ${server.api.url}/fwdbwd`);
  // Nothing to authorize where no key is asked for.
  expect(spec.security).toEqual([]);
});

it('send the ids of the last answers instead of those of the examples', async () => {
  const { requestInterceptor, responseInterceptor } = await docsOptions(server.api.url);
  const [example, first, second] = [
    '01JD8Z6T9GZ3Y5Q0W4V7M2X1KC',
    '01M85MABEZ2M6YMZSRVYY67XQR',
    '01M85N31AJ09573QBVMXQ4AE0H',
  ];
  const send = (id: string) =>
    requestInterceptor({ url: `${server.api.url}/futures/${id}`, body: JSON.stringify({ request_id: id }) });
  const sent = (id: string) => ({ url: `${server.api.url}/futures/${id}`, body: `{"request_id":"${id}"}` });
  const answer = (ok: boolean, ...ids: string[]) => responseInterceptor({ ok, text: JSON.stringify(ids) });

  expect(send(`future_${example}`)).toEqual(sent(`future_${example}`));
  answer(true, `future_${first}`, `future_${second}`, `session_${second}`);
  expect(send(`future_${example}`)).toEqual(sent(`future_${first}`));
  expect(send(`session_${example}`)).toEqual(sent(`session_${second}`));
  answer(false, `future_${second}`);
  expect(send(`future_${example}`)).toEqual(sent(`future_${first}`));
  expect(send(`future_${second}`)).toEqual(sent(`future_${second}`));
});
