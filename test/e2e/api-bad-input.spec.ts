import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdapterAnswer, type ErrorAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

/**
 * Requests that cannot work: each is refused at once with code, field and remedy, makes no adapter, and leaves the
 * service and the adapter it names as they were.
 */
let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start({ env: { BODY_LIMIT_MB: '1' } });
  await server.api.post('/adapters', { model_id: 'mine', lora_config: { rank: 4 } });
});

afterAll(() => server.stop());

const chat = [
  { role: 'user', content: 'Hello' },
  { role: 'assistant', content: 'Hi' },
];
const datum = (tokens: unknown, loss_fn_inputs: unknown) => ({
  model_input: { chunks: [{ type: 'encoded_text', tokens }] },
  loss_fn_inputs,
});
const image = { model_input: { chunks: [{ type: 'image', data: 'aGk=', format: 'png' }] }, loss_fn_inputs: {} };
const rl = { loss_fn: 'ppo' };
const inputs = 'data[0].loss_fn_inputs';
const tokensField = 'data[0].model_input.chunks[0].tokens';

const FORWARD: [string, Record<string, unknown>, string, string?][] = [
  ['no model', { model_id: undefined, data: [chat] }, 'model_id'],
  ['a path as name', { model_id: '../other', data: [chat] }, 'model_id'],
  ['no data', {}, 'data'],
  ['empty data', { data: [] }, 'data'],
  ['data of another form', { data: 'hello' }, 'data'],
  ['mixed forms', { data: [chat, datum([1], { target_tokens: [1] })] }, 'data[1]'],
  ['an empty conversation', { data: [[]] }, 'data[0]'],
  ['a message without content', { data: [[{ role: 'user' }]] }, 'data[0][0].content'],
  ['an unknown role', { data: [[{ role: 'alien', content: 'Hi' }]] }, 'data[0][0].role'],
  ['a name that Postgres cannot hold', { model_id: 'a\u0000', data: [chat] }, 'model_id'],
  ['an empty sequence', { data: [datum([], { target_tokens: [] })] }, 'data[0].model_input'],
  ['an unknown loss', { data: [chat], loss_fn: 'hinge' }, 'loss_fn', 'unknown_loss'],
  ['an unknown config key', { data: [chat], loss_fn_config: { lo: 1 } }, 'loss_fn_config.lo'],
  [
    'a config value as text',
    { data: [chat], ...rl, loss_fn_config: { clip_low_threshold: '1' } },
    'loss_fn_config.clip_low_threshold',
  ],
  ['missing inputs for chats', { data: [chat], ...rl }, 'loss_fn_inputs.logprobs'],
  ['missing inputs in datums', { data: [datum([1], { target_tokens: [1] })], ...rl }, `${inputs}.logprobs`],
  ['missing targets', { data: [datum([1], {})] }, `${inputs}.target_tokens`],
  ['ragged inputs', { data: [datum([1, 2], { target_tokens: [1, 2], weights: [1] })] }, `${inputs}.weights`],
  [
    'too few lists',
    { data: [chat, chat], ...rl, loss_fn_inputs: { logprobs: [0], advantages: [0, 0] } },
    'loss_fn_inputs.logprobs',
  ],
  [
    'a wrong length',
    { data: [chat], ...rl, loss_fn_inputs: { logprobs: [[0, 0]], advantages: [0] } },
    'loss_fn_inputs.logprobs[0]',
  ],
  ['an unknown input', { data: [datum([1], { target_tokens: [1], wieghts: [1] })] }, `${inputs}.wieghts`],
  ['null for a number', { data: [datum([1], { target_tokens: [1], weights: [null] })] }, `${inputs}.weights[0]`],
  ['text for a number', { data: [datum([1], { target_tokens: [1], weights: ['1'] })] }, `${inputs}.weights[0]`],
  ['a number beyond float32', { data: [datum([1], { target_tokens: [1], weights: [1e300] })] }, `${inputs}.weights[0]`],
  ['a token beyond the vocabulary', { data: [datum([1, 10_000_000], { target_tokens: [1, 1] })] }, `${tokensField}[1]`],
  ['a negative token', { data: [datum([-1], { target_tokens: [1] })] }, `${tokensField}[0]`],
  ['half a token', { data: [datum([1.5], { target_tokens: [1] })] }, `${tokensField}[0]`],
  [
    'a target beyond the vocabulary',
    { data: [datum([1], { target_tokens: [10_000_000] })] },
    `${inputs}.target_tokens[0]`,
  ],
  ['an image', { data: [image] }, 'data[0].model_input.chunks[0].type'],
  ['a sequence beyond the context', { data: [datum(new Array(5000).fill(1), {})] }, 'data[0].model_input'],
  ['a chat beyond the context', { data: [[{ role: 'user', content: 'sea '.repeat(5000) }]] }, 'data[0]'],
  ['a misspelt field', { data: [chat], lossfn: 'ppo' }, 'lossfn'],
  ['a wrong train_on', { data: [chat], train_on: 'user' }, 'train_on'],
  ['train_on for datums', { data: [datum([1], { target_tokens: [1] })], train_on: 'all' }, 'train_on'],
  ['a wrong seq_id', { data: [chat], seq_id: -1 }, 'seq_id'],
];

describe.each(['/fwdbwd', '/fwd'])('POST %s', (route) => {
  it.each(FORWARD)('refuses %s', async (_what, body, field, code = 'invalid_request') => {
    const answer = await server.api.post<ErrorAnswer>(route, { model_id: 'mine', ...body });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ status_code: 400, error: { code, category: 'user', details: { field } } });
    expect(answer.body.error.message).toMatch(/\S{3,}/);
  });
});

describe('what a refusal leaves', () => {
  it('makes no adapter', async () => {
    await server.api.post('/fwdbwd', { model_id: 'never', data: [] });
    await server.api.post('/fwdbwd', { model_id: 'never', data: [chat], lora_config: { rank: 0 } });
    expect((await server.api.get('/adapters/never')).status).toBe(404);
  });

  it('changes no adapter, and the service goes on', async () => {
    const { body } = await server.api.get<AdapterAnswer>('/adapters/mine');
    expect(body).toMatchObject({ step: 0, has_gradients: false, rank: 4 });
    await server.api.forwardBackward({ model_id: 'mine', data: [chat] });
    expect((await server.api.optimStep('mine')).metrics['step']).toBe(1);
  });

  it('names the length and the limit of what is too long', async () => {
    const { body } = await server.api.post<ErrorAnswer>('/fwdbwd', {
      model_id: 'mine',
      data: [datum(new Array(5000).fill(1), {})],
    });
    expect(body.error.message).toMatch(/5000 tokens.*1024/);
    expect(body.error.details?.remedy).toMatch(/[Ss]horten/);
  });
});

describe('an adapter that is otherwise', () => {
  it.each([
    ['rank', { lora_config: { rank: 8 } }, 'lora_config.rank'],
    ['modules', { lora_config: { target_modules: ['k_proj'] } }, 'lora_config.target_modules'],
  ])('is not trained under another %s', async (_what, wish, field) => {
    const answer = await server.api.post<ErrorAnswer>('/fwdbwd', { model_id: 'mine', data: [chat], ...wish });
    expect(answer.status).toBe(409);
    expect(answer.body.error).toMatchObject({ code: 'conflict', category: 'user', details: { field } });
  });

  it('is trained when the wish agrees', async () => {
    await server.api.forwardBackward({
      model_id: 'mine',
      data: [chat],
      lora_config: { r: 4 },
      base_model: 'tiny-chat',
    });
  });
});

describe('null', () => {
  it('counts as left out, as clients in Python send it', async () => {
    const nothing = { lora_config: null, base_model: null, train_on: null, logprobs: null, seq_id: null };
    const forward = { ...nothing, loss_fn: null, loss_fn_config: null, loss_fn_inputs: null };
    await server.api.forwardBackward({ model_id: 'mine', data: [chat], ...forward });
    await server.api.run('/fwd', { model_id: 'base', data: [datum([1], { target_tokens: [1] })], ...forward });
    await server.api.run('/optim_step', { model_id: 'mine', adam_params: null, seq_id: null });
    const sampling = { temperature: null, top_p: null, top_k: null, stop: null, seed: null, n: null, stream: null };
    await server.api.generate({
      model_id: null,
      base_model: null,
      messages: chat,
      prompt: null,
      tokens: null,
      ...sampling,
    });
    const made = await server.api.post('/adapters', { model_id: null, base_model: null, lora_config: { seed: null } });
    expect(made.status).toBe(201);
    await server.api.run('/save_weights', {
      model_id: 'mine',
      name: 'nulls',
      path: null,
      ttl_seconds: null,
      overwrite: null,
    });
    await server.api.run('/load_weights', { model_id: 'mine', name: null, path: 'nulls', optimizer: null });
  });
});

describe('POST /optim_step', () => {
  it.each([
    ['a negative learning rate', { learning_rate: -1 }, 'adam_params.learning_rate'],
    ['beta 1', { beta1: 1 }, 'adam_params.beta1'],
    ['eps 0', { eps: 0 }, 'adam_params.eps'],
    ['text', { weight_decay: '0.1' }, 'adam_params.weight_decay'],
    ['a misspelt setting', { learning_rat: 0.1 }, 'adam_params.learning_rat'],
    ['one decay rate for two', { betas: [0.9] }, 'adam_params.betas'],
    ['two learning rates', { learning_rate: 0.1, lr: 0.2 }, 'adam_params.lr'],
  ])('refuses %s', async (_what, adam_params, field) => {
    const answer = await server.api.post<ErrorAnswer>('/optim_step', { model_id: 'mine', adam_params });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ category: 'user', details: { field } });
  });
});

const gzip = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(gzipSync(text));

it("takes PyTorch's names of AdamW's settings", async () => {
  await server.api.forwardBackward({ model_id: 'mine', data: [chat] });
  const adam_params = { lr: 1e-3, betas: [0.9, 0.95], max_grad_norm: 1 };
  await server.api.run('/optim_step', { model_id: 'mine', adam_params });
});

describe('bodies', () => {
  const send = async (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => {
    const response = await fetch(`${server.api.url}/fwdbwd`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body,
    });
    return { status: response.status, body: (await response.json()) as ErrorAnswer };
  };

  it.each(['{"model_id": "mine", "data": [', '{"weights": [NaN]}', 'null and void'])(
    'refuses malformed %s',
    async (text) => {
      const answer = await send(text);
      expect(answer.status).toBe(400);
      expect(answer.body.error).toMatchObject({ code: 'malformed_body', category: 'user' });
    },
  );

  it.each(['[]', '"text"', '3', 'null'])('refuses %s instead of an object', async (text) => {
    const answer = await send(text);
    expect(answer.status).toBe(400);
    expect(answer.body.error.category).toBe('user');
  });

  it('refuses one that is too large, also when it is small on the way', async () => {
    const large = JSON.stringify({ model_id: 'mine', data: [[{ role: 'user', content: 'x'.repeat(2 ** 20) }]] });
    for (const answer of [await send(large), await send(gzip(large), { 'Content-Encoding': 'gzip' })]) {
      expect(answer.status).toBe(413);
      expect(answer.body.error).toMatchObject({ code: 'body_too_large', category: 'user' });
    }
  });

  it('refuses an archive that is too large, as a body and as a form', async () => {
    const bytes = new Uint8Array(2 ** 21);
    const post = async (body: FormData | Uint8Array<ArrayBuffer>, headers: Record<string, string>) => {
      const response = await fetch(`${server.api.url}/adapters/import?model_id=large`, {
        method: 'POST',
        headers,
        body,
      });
      return { status: response.status, body: (await response.json()) as ErrorAnswer };
    };
    const form = new FormData();
    form.append('file', new Blob([bytes]), 'large.tar');
    for (const answer of [await post(bytes, { 'Content-Type': 'application/x-tar' }), await post(form, {})]) {
      expect([400, 413]).toContain(answer.status);
      expect(answer.body.error.category).toBe('user');
    }
    expect((await server.api.get('/adapters/large')).status).toBe(404);
  });

  it('takes one that is gzipped', async () => {
    const body = gzip(JSON.stringify({ model_id: 'mine', data: [chat] }));
    expect((await send(body, { 'Content-Encoding': 'gzip' })).status).toBe(200);
  });

  it('answers unknown routes and methods', async () => {
    expect((await server.api.get<ErrorAnswer>('/fwdbwd')).status).toBe(405);
    expect((await server.api.get<ErrorAnswer>('/nowhere')).status).toBe(404);
  });
});

describe('a name that Postgres cannot hold', () => {
  const model_id = 'a\u0000';

  it.each([
    ['/optim_step', { model_id }],
    ['/generate', { model_id, prompt: 'Hello' }],
    ['/save_weights', { model_id, name: 'one' }],
    ['/load_weights', { model_id, name: 'one' }],
    ['/get_info', { model_id }],
    ['/remove_lora', { model_id }],
  ])('is not found by POST %s', async (path, body) => {
    expect(await server.api.post<ErrorAnswer>(path, body)).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found', details: { field: 'model_id' } } },
    });
  });

  it('is not found in a path', async () => {
    expect((await server.api.get('/adapters/a%00')).status).toBe(404);
    expect((await server.api.delete('/adapters/a%00')).status).toBe(404);
  });
});
