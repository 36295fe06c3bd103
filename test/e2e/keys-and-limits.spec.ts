import { readFileSync } from 'node:fs';
import Anthropic, { PermissionDeniedError as AnthropicPermissionDenied } from '@anthropic-ai/sdk';
import OpenAI, { PermissionDeniedError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { ApiClient, type ErrorAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

/* Keys as operators make them over the API: what each may do, and how much of it. */

const OPERATOR = 'tml-operator';
const BASE = 'tiny-chat';
const messages = [{ role: 'user' as const, content: 'Who are you?' }];

let server: TestServer;
let operator: ApiClient;

beforeAll(async () => {
  server = await TestServer.start({ env: { ADMIN_KEYS: OPERATOR } });
  operator = new ApiClient(server.api.url, OPERATOR);
});
afterAll(() => server.stop());

interface Key {
  readonly id: string;
  readonly name: string;
  readonly secret: string;
  readonly status: string;
  readonly last_used_at: string | null;
}

async function createKey(settings: object = {}): Promise<Key & { readonly client: ApiClient }> {
  const { status, body } = await operator.post<Key>('/admin/keys', { name: 'for tests', ...settings });
  expect(status, JSON.stringify(body)).toBe(201);
  return { ...body, client: new ApiClient(server.api.url, body.secret) };
}

async function request(method: string, path: string, body?: object, key = OPERATOR) {
  const headers = { 'X-API-Key': key, 'Content-Type': 'application/json' };
  const answer = await fetch(`${server.api.url}${path}`, { method, headers, body: body && JSON.stringify(body) });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as never };
}

describe('a key of the API', () => {
  it('shows its secret once, counts at once, and is renamed and listed', async () => {
    const key = await createKey({ name: 'alice', scopes: ['read', 'train'], priority: 'high' });
    expect((await key.client.get('/adapters')).status).toBe(200);
    const { body: changed } = await request('PATCH', `/admin/keys/${key.id}`, { name: 'bob' });
    const shown = { id: key.id, name: 'bob', scopes: ['read', 'train'], priority: 'high', status: 'active' };
    expect(changed).toMatchObject(shown);
    const { body: listed } = await operator.get<{ keys: Key[] }>('/admin/keys');
    expect(listed.keys.find(({ id }) => id === key.id)).toMatchObject(shown);
    expect(JSON.stringify(listed)).not.toContain('secret');
    const page = await operator.get<{ keys: Key[]; next_cursor: string }>('/admin/keys?limit=1');
    expect(page.body).toMatchObject({ keys: [{ id: listed.keys[0]!.id }], next_cursor: listed.keys[0]!.id });
  });

  it('gives its priority to its operations', async () => {
    const { client } = await createKey({ priority: 'low' });
    await client.post('/adapters', { model_id: 'urgent' });
    const rows = await server.database.query(`SELECT priority FROM futures WHERE model_id = 'urgent'`);
    expect(rows).toEqual([{ priority: -1 }]);
  });

  it('is refused once it is revoked, and once it has expired', async () => {
    const revoked = await createKey();
    expect(await request('DELETE', `/admin/keys/${revoked.id}`)).toMatchObject({
      status: 200,
      body: { id: revoked.id, status: 'revoked' },
    });
    expect((await revoked.client.get('/adapters')).status).toBe(401);
    expect((await request('DELETE', `/admin/keys/${revoked.id}`)).status).toBe(404);

    const expiring = await createKey({ expires_at: new Date(Date.now() + 1500).toISOString() });
    expect((await expiring.client.get('/adapters')).status).toBe(200);
    await waitFor('that the key expires', async () => (await expiring.client.get('/adapters')).status === 401);
    expect((await request('GET', `/admin/keys/${expiring.id}`)).body).toMatchObject({ status: 'expired' });
  });

  it.each([
    [{ scopes: ['sampel'] }, 'scopes'],
    [{ name: '' }, 'name'],
    [{ expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
    [{ expires: '2030-01-01' }, 'expires_at'],
  ])('is not made with %o', async (settings, named) => {
    const refused = await operator.post<ErrorAnswer>('/admin/keys', { name: 'x', ...settings });
    expect(refused.status).toBe(400);
    expect(refused.body.error.message).toContain(named);
  });
});

describe('scopes', () => {
  it('open no route to a key that has none of them', async () => {
    const { secret } = await createKey({ scopes: [] });
    const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as {
      paths: Record<string, Record<string, { 'x-key-scopes'?: string[] }>>;
    };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) =>
        operation['x-key-scopes'] ? [{ method: method.toUpperCase(), path: path.replaceAll(/\{\w+\}/g, 'x') }] : [],
      ),
    );
    expect(routes.length).toBeGreaterThan(90);
    const open: string[] = [];
    for (const { method, path } of routes) {
      const answer = await request(method, path, method === 'GET' ? undefined : {}, secret);
      if (answer.status !== 403 || !JSON.stringify(answer.body).includes('scope')) open.push(`${method} ${path}`);
    }
    expect(open).toEqual([]);
  });

  it('say in the dialect of the caller what is missing', async () => {
    const { secret, client } = await createKey({ scopes: ['read'] });
    const openai = new OpenAI({ apiKey: secret, baseURL: `${server.api.url}/v1`, maxRetries: 0 });
    const refusal = openai.chat.completions.create({ model: BASE, messages });
    await expect(refusal).rejects.toBeInstanceOf(PermissionDeniedError);
    await expect(refusal).rejects.toMatchObject({ code: 'missing_scope', type: 'permission_error' });
    const anthropic = new Anthropic({ apiKey: secret, authToken: null, baseURL: server.api.url, maxRetries: 0 });
    const refused = anthropic.messages.create({ model: BASE, messages, max_tokens: 4 });
    await expect(refused).rejects.toBeInstanceOf(AnthropicPermissionDenied);
    await expect(refused).rejects.toMatchObject({ error: { error: { type: 'permission_error' } } });
    const { status, body } = await client.post<ErrorAnswer>('/api/v1/create_model', {});
    expect(status).toBe(403);
    expect(body.error).toMatchObject({
      code: 'missing_scope',
      message: expect.stringContaining("lacks the scope 'train'. It has: read.") as string,
      details: { missing_scopes: ['train'] },
    });
  });

  it('let a key for inference find its model, sample and fetch results, and change nothing', async () => {
    const { secret, client } = await createKey({ scopes: ['sample'] });
    const openai = new OpenAI({ apiKey: secret, baseURL: `${server.api.url}/v1`, maxRetries: 0 });
    expect((await openai.models.list()).data.map(({ id }) => id)).toContain(BASE);
    const { choices } = await openai.chat.completions.create({ model: BASE, messages, max_completion_tokens: 2 });
    expect(choices).toHaveLength(1);
    const { request_id } = (
      await client.post<{ request_id: string }>('/generate', { prompt: 'a', max_tokens: 2, async: true })
    ).body;
    expect((await client.post('/retrieve_future', { request_id })).status).toBe(200);
    expect((await client.post('/adapters', { model_id: 'mine' })).status).toBe(403);
  });
});
