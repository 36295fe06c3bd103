import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';

/** Bodies that nobody means: each is refused by its count, before anything is made of it, or never read at all. */
const KEY = 'tml-bodies';
let database: TestDatabase;
let service: ApiApp;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startApiApp(database.url, { API_KEYS: KEY, BODY_LIMIT_MB: '16' });
  const made = await post('/adapters', JSON.stringify({ model_id: 'mine', lora_config: { rank: 4 } }));
  expect(made.status).toBe(201);
});

afterAll(async () => {
  await service.close();
  await database.drop();
});

interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string; readonly details?: Record<string, unknown> };
}

async function post(path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  const response = await fetch(service.url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-API-Key': KEY, ...headers },
    body,
  });
  return { status: response.status, body: (await response.json()) as ErrorAnswer };
}

const times = (count: number, text: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(',');
const objects = `{"a":[${times(2_500_000, () => '{}')}]}`;

describe('what no request means', () => {
  it.each<[string, string, string, number, string]>([
    ['millions of objects in an unknown field', '/fwdbwd', objects, 413, 'body_too_complex'],
    [
      'millions of objects as data',
      '/fwdbwd',
      objects.replace('{', '{"model_id":"mine",').replace('"a"', '"data"'),
      400,
      'invalid_request',
    ],
    ['millions of objects', '/api/v1/forward_backward', objects, 413, 'body_too_complex'],
    ['a million fields', '/generate', `{${times(1_000_000, (i) => `"${i}":0`)}}`, 413, 'body_too_complex'],
    ['80,000 unknown fields', '/generate', `{${times(80_000, (i) => `"${i}":0`)}}`, 413, 'body_too_complex'],
    ['80,000 unknown fields', '/api/v1/asample', `{${times(80_000, (i) => `"${i}":0`)}}`, 413, 'body_too_complex'],
    [
      'a million messages',
      '/generate',
      `{"messages":[${times(500_000, () => '{"role":"user"}')}]}`,
      413,
      'body_too_complex',
    ],
    ['2000 messages', '/generate', `{"messages":[${times(2000, () => '{"role":"user"}')}]}`, 400, 'invalid_request'],
    ['4 MB of brackets', '/generate', '['.repeat(2 ** 22), 413, 'body_too_complex'],
    ['4 MB of nested objects', '/fwdbwd', '{"a":'.repeat(2 ** 20), 413, 'body_too_complex'],
  ])('is refused by its count: %s to %s', async (_what, path, body, status, code) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatchObject({ code, details: { remedy: expect.any(String) as string } });
    expect(JSON.stringify(answer.body).length).toBeLessThan(10_000);
  });

  it('is refused packed, too', async () => {
    const answer = await post('/generate', new Uint8Array(gzipSync(objects)), { 'Content-Encoding': 'gzip' });
    expect(answer).toMatchObject({ status: 413, body: { error: { code: 'body_too_complex' } } });
  });

  it('names unknown fields first, whatever they hold', async () => {
    const answer = await post('/generate', `{"rubbish":[${times(1500, () => '{}')}],"prompt":"x"}`);
    expect(answer).toMatchObject({ status: 400, body: { error: { details: { field: 'rubbish' } } } });
    const ignored = await post('/api/v1/asample', `{"rubbish":[${times(1500, () => '{}')}],"base_model":"nobody"}`);
    expect(ignored.body.error.message).toMatch(/prompt/);
  });
});

describe('a large training request', () => {
  const numbers = (count: number, of: (i: number) => number) => Array.from({ length: count }, (_, i) => of(i));
  const datum = (length: number) => ({
    model_input: { chunks: [{ type: 'encoded_text', tokens: numbers(length, (i) => i % 50) }] },
    loss_fn_inputs: {
      target_tokens: { data: numbers(length, (i) => (i + 1) % 50), dtype: 'int64', shape: [length] },
      weights: { data: numbers(length, (i) => 1 / (i + 1)), dtype: 'float32', shape: [length] },
    },
  });
  const data = numbers(60, () => 0).map(() => datum(900));

  it('is read as a small one, on the root route', async () => {
    const request = { model_id: 'mine', seq_id: 1, data };
    const body = JSON.stringify(request);
    expect(body.length).toBeGreaterThan(2 ** 20);
    const first = await post('/fwdbwd', body);
    expect(first).toMatchObject({ status: 200, body: { model_id: 'mine' } });
    // The same data, and so the same request, in another order and with other white space.
    const again = await post('/fwdbwd', JSON.stringify({ data, seq_id: 1, model_id: 'mine' }, null, 1));
    expect(again).toEqual(first);
  });

  it('is read as a small one, on the Tinker route', async () => {
    const forward_backward_input = { loss_fn: 'cross_entropy', data };
    const first = await post(
      '/api/v1/forward_backward',
      JSON.stringify({ model_id: 'mine', seq_id: 2, forward_backward_input }),
    );
    expect(first).toMatchObject({ status: 200 });
    const again = await post(
      '/api/v1/forward_backward',
      JSON.stringify({ forward_backward_input, seq_id: 2, model_id: 'mine' }),
    );
    expect(again).toEqual(first);
  });

  it.each<[string, unknown, string]>([
    ['an unknown field', { model_id: 'mine', data, rubbish: 1 }, 'rubbish'],
    ['no model', { data }, 'model_id'],
    ['mixed forms', { model_id: 'mine', data: [...data, []] }, 'data[60]'],
    [
      'a wrong token',
      { model_id: 'mine', data: [...data, datumOf([1e9])] },
      'data[60].loss_fn_inputs.target_tokens[0]',
    ],
    ['train_on', { model_id: 'mine', data, train_on: 'all' }, 'train_on'],
    ['an unknown loss', { model_id: 'mine', data, loss_fn: 'hinge' }, 'loss_fn'],
  ])('is refused for %s by the name of the field', async (_what, body, field) => {
    const answer = await post('/fwdbwd', JSON.stringify(body));
    expect(answer).toMatchObject({ status: 400, body: { error: { details: { field } } } });
  });

  it('is refused when it is not JSON, or not an object', async () => {
    const text = JSON.stringify({ model_id: 'mine', data });
    expect(await post('/fwdbwd', text.slice(0, -1))).toMatchObject({
      status: 400,
      body: { error: { code: 'malformed_body' } },
    });
    expect((await post('/fwdbwd', JSON.stringify(numbers(200_000, (i) => i)))).status).toBe(400);
  });

  it('may hold conversations', async () => {
    const chat = [
      { role: 'user', content: 'x'.repeat(200) },
      { role: 'assistant', content: 'y' },
    ];
    const answer = await post(
      '/fwdbwd',
      JSON.stringify({ model_id: 'mine', data: numbers(1500, () => 0).map(() => chat) }),
    );
    expect(answer.status).toBe(200);
  });
});

function datumOf(tokens: number[]) {
  return { model_input: { chunks: [{ type: 'encoded_text', tokens }] }, loss_fn_inputs: { target_tokens: tokens } };
}

describe('without a key', () => {
  /** Announces a body and sends nothing of it; what the server asks for before it answers is noted. */
  async function announce(path: string, headers: OutgoingHttpHeaders) {
    const sending = httpRequest(service.url + path, {
      method: 'POST',
      headers: { Expect: '100-continue', ...headers },
    });
    let asked = false;
    sending.on('continue', () => (asked = true)).on('error', () => undefined);
    sending.flushHeaders();
    const [response] = (await once(sending, 'response')) as [IncomingMessage];
    response.resume();
    sending.destroy();
    return { status: response.statusCode, asked };
  }
  const large = { 'Content-Type': 'application/json', 'Content-Length': '1000000' };

  it('no byte of a body is asked for', async () => {
    expect(await announce('/fwdbwd', large)).toEqual({ status: 401, asked: false });
    expect(await announce('/healthz', large)).toEqual({ status: 405, asked: false });
    expect(await announce('/nothing', { ...large, 'X-API-Key': KEY })).toEqual({ status: 404, asked: false });
    const tooLarge = { ...large, 'Content-Length': '100000000', 'X-API-Key': KEY };
    expect((await announce('/fwdbwd', tooLarge)).status).toBe(413);
  });

  it('a body that is on its way is not a reason not to answer', async () => {
    const response = await fetch(`${service.url}/fwdbwd`, { method: 'POST', body: '['.repeat(2 ** 23) });
    expect(response.status).toBe(401);
  });
});
