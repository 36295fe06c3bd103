import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { TinkerClient } from '../support/service/tinker-client.js';

/** The Tinker API over HTTP, with the fake backend: names, repeats, order, owners. */
const KEYS = ['tml-first', 'tml-second'] as const;

interface HubFile {
  readonly path: string;
  readonly size: number;
  readonly oid: string;
}

let database: TestDatabase;
let service: ApiApp;
let client: TinkerClient;
let stranger: TinkerClient;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startApiApp(database.url, { API_KEYS: KEYS.join(',') });
  [client, stranger] = [new TinkerClient(service.url, KEYS[0]), new TinkerClient(service.url, KEYS[1])];
  await client.begin();
  await stranger.begin();
});

afterAll(async () => {
  await service.close();
  await database.drop();
});

describe('repeats', () => {
  it('give the first future, by the key of each endpoint', async () => {
    const create = () => client.createModel(0);
    const [modelId, first] = await create();
    expect((await create())[1]).toBe(first);
    const pass = await client.post('forward_backward', client.forward(modelId, 1));
    expect(await client.post('forward_backward', client.forward(modelId, 1))).toEqual(pass);
    const other = await client.post('forward_backward', client.forward(modelId, 1, [9, 9, 9]));
    expect(other).toMatchObject({ status: 400, body: { error: { code: 'seq_id_reused', category: 'user' } } });
    const sampler = await client.post('create_sampling_session', client.baseSampler(0));
    expect(await client.post('create_sampling_session', client.baseSampler(0))).toEqual(sampler);
    const sample = client.sample(String(sampler.body['sampling_session_id']), 0);
    expect(await client.post('asample', sample)).toEqual(await client.post('asample', sample));
  });

  it('are none where samples of a base model have the same number, with null for the sampling session', async () => {
    const sample = { ...client.sample('', 0), sampling_session_id: null, base_model: 'tiny-chat' };
    const ask = async (max_tokens: number) => client.post('asample', { ...sample, sampling_params: { max_tokens } });
    const [first, second] = [await ask(2), await ask(3)];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body['request_id']).not.toBe(first.body['request_id']);
  });

  it('of an unnamed save give the first sampling session, though its number is new', async () => {
    const [model_id] = await client.createModel(1);
    const save = { model_id, seq_id: 1, sampling_session_seq_id: 5 };
    const first = await client.settled('save_weights_for_sampler', save);
    expect(String(first.body['sampling_session_id'])).toMatch(/^sampler_/);
    expect(first.body['path']).toBeNull();
    const again = await client.settled('save_weights_for_sampler', { ...save, sampling_session_seq_id: 6 });
    expect(again.body).toEqual(first.body);
  });
});

describe('order', () => {
  it('needs no number to come: gaps and chunks in reversed order run', async () => {
    const [modelId] = await client.createModel(2);
    for (const seq of [9, 10, 8]) {
      const { body } = await client.settled('forward_backward', client.forward(modelId, seq));
      expect(body['metrics']).toHaveProperty(['loss:sum']);
    }
    const { body } = await client.settled('optim_step', { model_id: modelId, seq_id: 20 });
    expect(body['metrics']).toMatchObject({ step: 1 });
  });

  it('is not lost on failures: they are answers, with a category', async () => {
    const [model_id] = await client.createModel(3);
    const { status, body } = await client.settled('optim_step', { model_id, seq_id: 1 });
    expect({ status, category: body['category'] }).toEqual({ status: 200, category: 'user' });
    expect(body['error']).toMatch(/no gradients/);
  });
});

describe('a sampling session', () => {
  it('stays with its weights when training goes on', async () => {
    const [model_id] = await client.createModel(4);
    await client.settled('forward_backward', client.forward(model_id, 1));
    await client.settled('optim_step', { model_id, seq_id: 2, adam_params: { learning_rate: 0.1 } });
    const { body } = await client.settled('save_weights_for_sampler', { model_id, seq_id: 3 });
    const scored = { prompt_logprobs: true, topk_prompt_logprobs: 2 };
    const sample = (seq: number) => ({ ...client.sample(String(body['sampling_session_id']), seq), ...scored });
    const before = await client.settled('asample', sample(0));
    expect(before.body['prompt_logprobs']).toEqual([null, expect.any(Number), expect.any(Number)]);
    await client.settled('forward_backward', client.forward(model_id, 4));
    await client.settled('optim_step', { model_id, seq_id: 5, adam_params: { learning_rate: 0.1 } });
    const after = await client.settled('asample', sample(1));
    expect(after.body['prompt_logprobs']).toEqual(before.body['prompt_logprobs']);
    expect(after.body['topk_prompt_logprobs']).toEqual(before.body['topk_prompt_logprobs']);
  });
});

describe('a copied client', () => {
  it('numbers its requests beyond what a float64 tells apart', async () => {
    const { body } = await client.post('create_sampling_session', client.baseSampler(21));
    const { seq_id, ...sample } = client.sample(String(body['sampling_session_id']), 0);
    expect(seq_id).toBe(0);
    const ask = async (digits: string, max_tokens: number) => {
      const sent = JSON.stringify({ ...sample, sampling_params: { max_tokens } }).replace('{', `{"seq_id": ${digits},`);
      const headers = { 'Content-Type': 'application/json', 'X-API-Key': KEYS[0] };
      const answer = await fetch(`${service.url}/api/v1/asample`, { method: 'POST', headers, body: sent });
      return { status: answer.status, id: ((await answer.json()) as Record<string, unknown>)['request_id'] };
    };
    const first = await ask('380912984000000000', 2);
    expect(first.status).toBe(200);
    const second = await ask('380912984000000001', 3);
    expect(second.status).toBe(200);
    expect(second.id).not.toBe(first.id);
    expect(await ask('380912984000000001', 3)).toEqual(second);
    const target = { sampling_session_id: sample.sampling_session_id, cloned_sampler_id: 380_912_984 };
    await client.retrieved({ status: 200, body: { request_id: second.id } });
    const answer = await client.post('retrieve_futures', { target, prev_cursor: 0, timeout: 0 });
    expect(answer.status).toBe(200);
    expect(JSON.stringify(answer.body)).toContain(String(second.id));
  });
});

describe('what is asked beside the continuations', () => {
  const asked = async (more: object) => {
    const sampler = await client.post('create_sampling_session', client.baseSampler(20));
    return client.post('asample', {
      ...client.sample(String(sampler.body['sampling_session_id']), 0),
      seed: 1,
      ...more,
    });
  };
  /** Positions 1 and 2 of a prompt of three. */
  const targets = { data: [6, -1, 9, 7], dtype: 'int64', shape: [2, 2] };
  const sparse = {
    data: [6, 9, 7],
    dtype: 'int64',
    shape: [2, 2],
    sparse_crow_indices: [0, 1, 3],
    sparse_col_indices: [0, 0, 1],
  };

  it('comes in the shapes that were asked for, with the log-probs of the prompt', async () => {
    const accepted = await asked({
      num_samples: 2,
      prompt_logprobs: true,
      topk_sample_logprobs: 3,
      prompt_alt_tokens_k: 4,
      target_prompt_logprobs: targets,
    });
    const { body } = await client.retrieved(accepted);
    const [, first, second] = body['prompt_logprobs'] as number[];
    expect(body['target_prompt_logprobs']).toEqual({
      data: [first, 0, expect.any(Number) as number, second],
      dtype: 'float32',
      shape: [2, 2],
    });
    expect(body['prompt_alt_tokens']).toMatchObject({
      tokens: { data: expect.any(Array) as number[], dtype: 'int64', shape: [2, 4] },
      logprobs: { data: expect.any(Array) as number[], dtype: 'float32', shape: [2, 4] },
    });
    const sequences = body['sequences'] as { tokens: number[]; topk_logprobs: [number, number][][] }[];
    expect(sequences).toHaveLength(2);
    for (const { tokens, topk_logprobs: rows } of sequences) {
      expect(rows.map((row) => row.length)).toEqual(tokens.map(() => 3));
    }
  });

  it('comes sparse where it was asked so', async () => {
    const { body } = await client.settled('asample', {
      base_model: 'tiny-chat',
      num_samples: 1,
      prompt: { chunks: [{ tokens: [5, 6, 7] }] },
      sampling_params: { max_tokens: 1 },
      target_prompt_logprobs: sparse,
    });
    expect(body['target_prompt_logprobs']).toEqual({
      ...sparse,
      data: [expect.any(Number), expect.any(Number), expect.any(Number)],
      dtype: 'float32',
    });
  });

  it.each([
    [{ target_prompt_logprobs: { ...targets, shape: [3, 2] } }, /shape is \[3,2\]/],
    [{ target_prompt_logprobs: { ...targets, data: [6, -1, 9, 1e9] } }, /data\[3\] is 1000000000/],
    [{ prompt_alt_tokens_k: -1 }, /prompt_alt_tokens_k/],
    [{ prompt_alt_tokens_k: 101 }, /prompt_alt_tokens_k/],
    [{ topk_sample_logprobs: 101 }, /topk_sample_logprobs/],
    [
      { topk_sample_logprobs: 100, num_samples: 1024, sampling_params: { max_tokens: 100 } },
      /topk_sample_logprobs is 100 for up to 102400 tokens\. Use at most 81/,
    ],
  ])('is refused where it cannot be answered: %o', async (more, message) => {
    const { status, body } = await asked(more);
    expect(status).toBe(400);
    expect(body['error']).toMatchObject({ category: 'user', message: expect.stringMatching(message) as string });
  });
});

describe('a session that ends', () => {
  it('frees its adapters, which come back as they were', async () => {
    const other = new TinkerClient(service.url, KEYS[0]);
    await other.begin();
    const [model_id] = await other.createModel(0);
    await other.settled('forward_backward', other.forward(model_id, 1));
    await other.settled('optim_step', { model_id, seq_id: 2, adam_params: { learning_rate: 0.1 } });
    const before = await other.settled('forward', other.forward(model_id, 3, undefined, 'forward_input'));
    expect((await other.post(`sessions/${other.sessionId}/finish`)).status).toBe(204);
    const after = await other.settled('forward', other.forward(model_id, 4, undefined, 'forward_input'));
    expect(after.body['loss_fn_outputs']).toEqual(before.body['loss_fn_outputs']);
  });
});

describe('keys', () => {
  it('are asked for', async () => {
    const nobody = new TinkerClient(service.url, undefined);
    expect((await nobody.post('client/config', {})).status).toBe(401);
    expect((await fetch(`${service.url}/adapters`, { headers: { 'X-API-Key': 'tml-wrong' } })).status).toBe(401);
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
  });

  it('see nothing of each other, until a checkpoint is published', async () => {
    const [model_id, request_id] = await client.createModel(6);
    const saved = await client.settled('save_weights', { model_id, seq_id: 1, path: 'mine' });
    const tinker_path = String(saved.body['path']);
    expect((await stranger.post('get_info', { model_id })).status).toBe(404);
    expect((await stranger.post('retrieve_future', { request_id })).status).toBe(404);
    expect((await stranger.post('forward_backward', stranger.forward(model_id, 2))).status).toBe(404);
    expect((await stranger.post('weights_info', { tinker_path })).status).toBe(404);
    expect((await stranger.get(`sessions/${client.sessionId}`)).status).toBe(404);
    expect((await stranger.get('training_runs')).body).toMatchObject({ cursor: { total_count: 0 } });
    const checkpoint = `training_runs/${model_id}/checkpoints/weights/mine`;
    expect((await stranger.post(`${checkpoint}/publish`)).status).toBe(404);

    expect((await client.post(`${checkpoint}/publish`)).status).toBe(204);
    expect((await stranger.post('weights_info', { tinker_path })).body).toMatchObject({ lora_rank: 4, is_lora: true });
    const load = { session_id: stranger.sessionId, model_seq_id: 0, path: tinker_path, optimizer: true };
    expect((await stranger.settled('load_weights', load)).body).toMatchObject({ path: tinker_path });
    expect((await stranger.send('DELETE', checkpoint)).status).toBe(404);
  });

  it('own what they import as a form', async () => {
    const [model_id] = await client.createModel(7);
    const headers = { 'X-API-Key': KEYS[0] };
    const archive = await fetch(`${service.url}/adapters/${model_id}/export`, { headers });
    const form = new FormData();
    form.set('file', new Blob([await archive.arrayBuffer()]), 'adapter.tar');
    const imported = await fetch(`${service.url}/adapters/import?model_id=imported`, {
      method: 'POST',
      headers,
      body: form,
    });
    expect(imported.status).toBe(201);
    expect((await client.post('get_info', { model_id: 'imported' })).status).toBe(200);
    expect((await stranger.post('get_info', { model_id: 'imported' })).status).toBe(404);
  });
});

describe('an archive', () => {
  it('is downloaded by a signed link without a key', async () => {
    const [model_id] = await client.createModel(8);
    await client.settled('save_weights', { model_id, seq_id: 1, path: 'a' });
    const url = `${service.url}/api/v1/training_runs/${model_id}/checkpoints/weights/a/archive`;
    const answer = await fetch(url, { headers: { 'X-API-Key': KEYS[0] }, redirect: 'manual' });
    expect(answer.status).toBe(302);
    const link = answer.headers.get('location') ?? '';
    expect(Buffer.from(await (await fetch(link)).arrayBuffer()).includes('checkpoint_complete')).toBe(true);
    expect((await fetch(`${link}x`)).status).toBe(404);
  });
});

describe('the hub', () => {
  const hub = (path: string) => fetch(`${service.url}/hf/${path}`);

  it('lists the files that it serves, under the names that git gives to their bytes', async () => {
    const tree = (await (await hub('api/models/tiny-chat/tree/main?recursive=true')).json()) as HubFile[];
    const names = tree.map(({ path }) => path);
    expect(names).toEqual(expect.arrayContaining(['config.json', 'tokenizer.json', 'tokenizer_config.json']));
    expect(names).not.toContain('model.safetensors');
    for (const { path, size, oid } of tree) {
      const file = await hub(`tiny-chat/resolve/main/${path}`);
      expect(file.headers.get('etag')).toBe(`"${oid}"`);
      expect((await file.arrayBuffer()).byteLength).toBe(size);
    }
    const info = (await (await hub('api/models/tiny-chat/revision/main')).json()) as { siblings: object[] };
    expect(info.siblings).toEqual(names.map((rfilename) => ({ rfilename })));
  });

  it.each([
    ['api/models/tiny-chat/tree/main/additional_chat_templates?recursive=false&expand=false', 'EntryNotFound'],
    ['tiny-chat/resolve/main/model.safetensors', 'EntryNotFound'],
    ['tiny-chat/resolve/main/..%2F..%2Fpackage.json', 'EntryNotFound'],
    ['api/models/other/tree/main', 'RepoNotFound'],
    ['other/resolve/main/config.json', 'RepoNotFound'],
    ['api/models/other', 'RepoNotFound'],
    ['api/models/%C4%81%0A', 'RepoNotFound'],
  ])('answers %s with %s', async (path, code) => {
    const answer = await hub(path);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('x-error-code')).toBe(code);
  });
});
