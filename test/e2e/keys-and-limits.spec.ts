import { readFileSync } from 'node:fs';
import Anthropic, {
  PermissionDeniedError as AnthropicPermissionDenied,
  RateLimitError as AnthropicRateLimitError,
} from '@anthropic-ai/sdk';
import OpenAI, { PermissionDeniedError, RateLimitError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { type AcceptedAnswer, ApiClient, type ErrorAnswer } from './support/client.js';
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

function openaiOf(apiKey: string, options: { maxRetries?: number; fetch?: typeof fetch } = {}): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${server.api.url}/v1`, maxRetries: 0, ...options });
}

function anthropicOf(apiKey: string): Anthropic {
  return new Anthropic({ apiKey, authToken: null, baseURL: server.api.url, maxRetries: 0 });
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
    [{ limits: { request_per_day: 1 } }, 'requests_per_day'],
    [{ limits: { adapters: 0 } }, 'adapters'],
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
    const openai = openaiOf(secret);
    const refusal = openai.chat.completions.create({ model: BASE, messages });
    await expect(refusal).rejects.toBeInstanceOf(PermissionDeniedError);
    await expect(refusal).rejects.toMatchObject({ code: 'missing_scope', type: 'permission_error' });
    const anthropic = anthropicOf(secret);
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
    const openai = openaiOf(secret);
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

interface MyKey {
  readonly id: string;
  readonly limits: readonly { readonly name: string; readonly limit: number; readonly used: number }[];
}

describe('limits', () => {
  const sample = { model: BASE, messages, max_completion_tokens: 2, temperature: 0 };

  it('of requests hold in every dialect together, say what is left, and count no reading', async () => {
    const { secret, client } = await createKey({ limits: { requests_per_day: 3 } });
    const { response } = await openaiOf(secret).chat.completions.create(sample).withResponse();
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-ratelimit-limit-requests': '3',
      'x-ratelimit-remaining-requests': '2',
      'x-ratelimit-reset-requests': expect.stringMatching(/^(\d+h)?(\d+m)?\d+m?s$/) as string,
    });
    const anthropic = anthropicOf(secret);
    const told = await anthropic.messages.create({ model: BASE, messages, max_tokens: 2 }).withResponse();
    expect(told.response.headers.get('anthropic-ratelimit-requests-remaining')).toBe('1');
    expect((await client.post('/adapters', { model_id: 'limited' })).status).toBeLessThan(300);
    for (let i = 0; i < 5; i++) expect((await client.get('/adapters')).status).toBe(200);

    const refusal: unknown = await openaiOf(secret)
      .chat.completions.create(sample)
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(RateLimitError);
    expect(refusal).toMatchObject({ code: 'rate_limit_exceeded', type: 'rate_limit_error' });
    const { headers } = refusal as RateLimitError;
    expect(Number(headers?.get('retry-after'))).toBeGreaterThan(0);
    expect(headers?.get('x-ratelimit-remaining-requests')).toBe('0');
    const refused = anthropic.messages.create({ model: BASE, messages, max_tokens: 2 });
    await expect(refused).rejects.toBeInstanceOf(AnthropicRateLimitError);
    const { status, body } = await client.post<ErrorAnswer>('/api/v1/create_model', {});
    expect(status).toBe(429);
    expect(body.error).toMatchObject({
      code: 'rate_limit_exceeded',
      message: expect.stringContaining('requests_per_day: 3 of 3 are used until 2') as string,
      details: { limit: 'requests_per_day', used: 3, allowed: 3 },
    });
    const { body: mine } = await client.get<MyKey>('/keys/me');
    expect(mine.limits).toContainEqual(
      expect.objectContaining({ name: 'requests_per_day', limit: 3, used: 3, remaining: 0 }),
    );
    await request('PATCH', `/admin/keys/${mine.id}`, { limits: {} });
    await openaiOf(secret).chat.completions.create(sample);
  });

  it('of tokens count what was sampled', async () => {
    const { secret, client } = await createKey({ limits: { tokens_per_day: 3 } });
    const openai = openaiOf(secret);
    let used = 0;
    while (used < 3) used += (await openai.chat.completions.create(sample)).usage!.completion_tokens;
    await expect(openai.chat.completions.create(sample)).rejects.toMatchObject({
      status: 429,
      message: expect.stringContaining(`tokens_per_day: ${used} of 3`) as string,
    });
    const { body } = await client.get<MyKey>('/keys/me');
    expect(body.limits).toContainEqual(expect.objectContaining({ name: 'tokens_per_day', used }));
  });

  it('of operations at a time pass when one is settled, for which the client of OpenAI waits by itself', async () => {
    const { secret, client } = await createKey({ limits: { concurrent_operations: 1 } });
    await operator.post('/admin/queue/pause', {});
    const first = await client.post<{ request_id: string }>('/generate', { prompt: 'a', max_tokens: 2, async: true });
    const second = await client.post<ErrorAnswer>('/generate', { prompt: 'a', max_tokens: 2, async: true });
    expect(second).toMatchObject({ status: 429, body: { error: { code: 'too_many_operations' } } });
    const statuses: number[] = [];
    const watched: typeof fetch = async (...given) => {
      const answer = await fetch(...given);
      statuses.push(answer.status);
      return answer;
    };
    const patient = openaiOf(secret, { maxRetries: 20, fetch: watched }).chat.completions.create(sample);
    await waitFor('that the client is refused', () => statuses.includes(429));
    await operator.post('/admin/queue/resume', {});
    expect((await patient).choices).toHaveLength(1);
    expect(statuses.at(-1)).toBe(200);
    const { request_id } = first.body;
    expect((await client.post('/retrieve_future', { request_id })).status).toBe(200);
  });

  it('of operations at a time let exactly that number in when more come at once', async () => {
    const { client } = await createKey({ limits: { concurrent_operations: 3 } });
    await operator.post('/admin/queue/pause', {});
    const send = () => client.post('/generate', { prompt: 'a', max_tokens: 1, async: true });
    const answers = await Promise.all(Array.from({ length: 12 }, send));
    await operator.post('/admin/queue/resume', {});
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(9);
  });

  it('of adapters are not for waiting: one too many is 403', async () => {
    const { client } = await createKey({ limits: { adapters: 1 } });
    expect((await client.post('/adapters', { model_id: 'first' })).status).toBeLessThan(300);
    const second = await client.post<ErrorAnswer>('/adapters', { model_id: 'second' });
    expect(second).toMatchObject({ status: 403, body: { error: { code: 'too_many_adapters' } } });
  });
});

describe('the limit of stored bytes', () => {
  const ROW = `${JSON.stringify({ messages: [...messages, { role: 'assistant', content: 'A sea.' }] })}\n`;
  const upload = (openai: OpenAI) =>
    openai.files.create({ file: new File([ROW.repeat(4)], 'chats.jsonl'), purpose: 'fine-tune' });
  const refused = { status: 403, body: { error: { code: 'storage_limit_reached' } } };
  const setLimit = (id: string, stored_bytes: number) =>
    request('PATCH', `/admin/keys/${id}`, { limits: { stored_bytes } });

  /** A key with an adapter and one checkpoint of it, of which the size is returned. */
  async function keyWithCheckpoint() {
    const key = await createKey();
    expect((await key.client.post('/adapters', { model_id: 'kept' })).status).toBe(201);
    const save = (name: string) =>
      key.client.post<AcceptedAnswer & ErrorAnswer>('/save_weights_for_sampler', { model_id: 'kept', name });
    await key.client.retrieve((await save('first')).body.request_id);
    const { body } = await key.client.get<{ checkpoints: { size_bytes: number }[] }>('/adapters/kept/checkpoints');
    return { ...key, save, size: body.checkpoints[0]!.size_bytes };
  }

  const usedBy = async ({ client }: { readonly client: ApiClient }) =>
    (await client.get<MyKey>('/keys/me')).body.limits.find(({ name }) => name === 'stored_bytes')!.used;

  it('refuses what is new, and neither training nor what is there', async () => {
    const key = await keyWithCheckpoint();
    const { client, id, secret, save, size } = key;
    const openai = openaiOf(secret);
    const file = await upload(openai);
    await setLimit(id, 1);
    const data = [[...messages, { role: 'assistant', content: 'A sea.' }]];
    await client.forwardBackward({ model_id: 'kept', data });
    expect((await client.optimStep('kept')).metrics['step']).toBe(1);
    await client.run('/api/v1/unload_model', { model_id: 'kept' });
    const [states] = await server.database.query<{ bytes: number }>(
      `SELECT sum(size_bytes)::float8 AS bytes FROM adapter_snapshots JOIN adapters ON adapter_id = adapters.id
       WHERE owner = '${id}'`,
    );
    expect(states!.bytes).toBeGreaterThan(size);
    expect(await usedBy(key)).toBe(size + states!.bytes + file.bytes);

    const second = await save('second');
    expect(second).toMatchObject(refused);
    expect(second.body.error.message).toMatch(
      / MiB in checkpoints, .* in states of adapters, .* in files\. Delete checkp/,
    );
    expect(await client.post('/adapters', { model_id: 'another' })).toMatchObject(refused);
    expect(await client.post('/adapters/kept/fork', { model_id: 'fork' })).toMatchObject(refused);
    await expect(upload(openai)).rejects.toBeInstanceOf(PermissionDeniedError);
    const job = { model: BASE, training_file: file.id };
    await expect(openai.fineTuning.jobs.create(job)).rejects.toMatchObject({ code: 'storage_limit_reached' });

    expect((await fetch(`${server.api.url}/adapters/kept/export`, { headers: { 'X-API-Key': secret } })).status).toBe(
      200,
    );
    await client.delete('/adapters/kept/checkpoints/sampler/first');
    await openai.files.delete(file.id);
    await setLimit(id, 2 ** 40);
    expect((await save('second')).status).toBeLessThan(300);
  });

  it('counts saves that wait, gives a repeat its first future, and lets a checkpoint be replaced', async () => {
    const key = await keyWithCheckpoint();
    await operator.post('/admin/queue/pause', {});
    await setLimit(key.id, 2 ** 40);
    await setLimit(key.id, (await usedBy(key)) + Math.round(1.5 * key.size));
    const order = { model_id: 'kept', path: 'state', seq_id: 77 };
    const repeated = () => key.client.post<AcceptedAnswer>('/api/v1/save_weights', order);
    expect(await repeated()).toMatchObject(refused);
    const first = await key.save('second');
    expect(first.status).toBeLessThan(300);
    expect(await key.save('third')).toMatchObject(refused);
    await setLimit(key.id, 2 ** 40);
    const accepted = await repeated();
    await setLimit(key.id, 1);
    expect(await repeated()).toEqual(accepted);
    await operator.post('/admin/queue/resume', {});
    expect((await key.client.retrieve(first.body.request_id)).status).toBe(200);
    expect((await key.client.retrieve(accepted.body.request_id)).status).toBe(200);

    // Of an adapter that has not trained no moments are stored, but room is asked for: two times its weights.
    await setLimit(key.id, (await usedBy(key)) + 2 * key.size);
    expect(await key.client.post('/save_weights', { model_id: 'kept', name: 'other' })).toMatchObject(refused);
    await key.client.run('/save_weights', { model_id: 'kept', name: 'state', overwrite: true });
  });

  it('lets a fine-tuning job that was accepted run to its end', async () => {
    const { id, secret } = await createKey();
    const openai = openaiOf(secret);
    const { id: training_file } = await upload(openai);
    const method = { type: 'supervised', supervised: { hyperparameters: { n_epochs: 1, batch_size: 4 } } } as const;
    const { id: job } = await openai.fineTuning.jobs.create({ model: BASE, training_file, method });
    await setLimit(id, 1);
    const state = async () => (await openai.fineTuning.jobs.retrieve(job)).status;
    await waitFor('that the job ends', async () => ['succeeded', 'failed'].includes(await state()), {
      timeout: 120_000,
    });
    expect(await state()).toBe('succeeded');
    expect((await openai.fineTuning.jobs.checkpoints.list(job)).data.length).toBeGreaterThan(0);
  });
});
