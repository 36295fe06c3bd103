import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { type AcceptedAnswer, type AdapterAnswer, type ErrorAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
});

afterAll(() => server.stop());

const chat = [
  { role: 'user', content: 'Hello' },
  { role: 'assistant', content: 'Good day!' },
];

describe('what the server can do', () => {
  it('tells base models, losses, engine and device', async () => {
    const { status, body } = await server.api.get('/get_server_capabilities');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      loss_functions: ['cross_entropy', 'importance_sampling', 'ppo', 'cispo', 'dro', 'pairwise_dpo'],
      engine: 'onnxruntime',
      device: 'cpu',
      ranks: 1,
      batching: 'exact',
      supported_models: [{ model_id: 'tiny-chat', model_name: 'tiny-chat', arch: 'llama' }],
    });
    const { supported_models, max_rank } = body as { supported_models: Record<string, number>[]; max_rank: number };
    for (const field of ['max_context_length', 'vocab_size', 'parameters']) {
      expect(supported_models[0]![field]).toBeGreaterThan(100);
    }
    expect(max_rank).toBeGreaterThanOrEqual(64);
  });

  it.each(['/loss_functions', '/list_loss_functions'])('lists the losses at %s', async (route) => {
    const { status, body } = await server.api.get(route);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      available_loss_functions: ['cross_entropy', 'importance_sampling', 'ppo', 'cispo', 'dro', 'pairwise_dpo'],
      descriptions: { cross_entropy: 'Standard supervised learning (negative log-likelihood)' },
    });
    const losses = body['losses'] as {
      name: string;
      inputs: { name: string; required: boolean }[];
      config: object[];
    }[];
    const ppo = losses.find(({ name }) => name === 'ppo')!;
    expect(ppo.inputs.filter(({ required }) => required).map(({ name }) => name)).toEqual([
      'target_tokens',
      'logprobs',
      'advantages',
    ]);
    expect(ppo.config).toContainEqual(expect.objectContaining({ name: 'clip_high_threshold', default: 1.2 }));
  });
});

describe('adapters', () => {
  it('are created, shown, listed and deleted', async () => {
    const lora_config = { rank: 4, lora_alpha: 8, target_modules: ['o_proj', 'q_proj'], use_rslora: true, seed: 7 };
    const made = await server.api.post<AdapterAnswer & AcceptedAnswer>('/adapters', { model_id: 'first', lora_config });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      model_id: 'first',
      base_model: 'tiny-chat',
      rank: 4,
      alpha: 8,
      step: 0,
      has_gradients: false,
      lora_config: { rank: 4, alpha: 8, dropout: 0, target_modules: ['q_proj', 'o_proj'], use_rslora: true, seed: 7 },
    });
    const { body: created } = await server.api.retrieve(made.body.request_id);
    expect(created).toMatchObject({ status: 'completed', model_id: 'first' });

    const one = await server.api.get<AdapterAnswer>('/adapters/first');
    expect(one.body).toMatchObject({ model_id: 'first', status: 'idle' });
    const { body: list } = await server.api.get<{ adapters: AdapterAnswer[] }>('/adapters');
    expect(list.adapters).toContainEqual(one.body);

    const deleted = await server.api.delete<AcceptedAnswer>('/adapters/first');
    expect(deleted).toMatchObject({ status: 200, body: { model_id: 'first', status: 'deleted' } });
    expect((await server.api.retrieve(deleted.body.request_id)).status).toBe(200);
    expect((await server.api.get('/adapters/first')).status).toBe(404);
    expect((await server.api.post('/optim_step', { model_id: 'first' })).status).toBe(404);
  });

  it('are listed page by page, newest first, each once, whatever comes and goes meanwhile', async () => {
    interface Page {
      readonly adapters: { readonly model_id: string }[];
      readonly next_cursor: string | null;
    }
    const page = async (query: string) => (await server.api.get<Page>(`/adapters?${query}`)).body;
    const names = ['page-1', 'page-2', 'page-3', 'page-4', 'page-5'];
    for (const model_id of names) await server.api.post('/adapters', { model_id, lora_config: { rank: 1 } });
    const first = await page('limit=2');
    expect(first.adapters.map(({ model_id }) => model_id)).toEqual(['page-5', 'page-4']);
    await server.api.delete('/adapters/page-4');
    await server.api.post('/adapters', { model_id: 'page-6', lora_config: { rank: 1 } });
    const second = await page(`limit=2&cursor=${first.next_cursor}`);
    expect(second.adapters.map(({ model_id }) => model_id)).toEqual(['page-3', 'page-2']);
    const rest = await page(`limit=500&cursor=${second.next_cursor}`);
    expect(rest.adapters[0]).toMatchObject({ model_id: 'page-1' });
    expect(rest.next_cursor).toBeNull();
  });

  it.each([
    '/adapters?limit=0',
    '/adapters?limit=501',
    '/adapters?cursor=me',
    '/adapters?status=idle',
    '/adapters?limit=1&x=',
    '/adapters/none?x=1',
    '/futures?model=a',
    '/futures/future_1?wait=1',
    '/get_server_capabilities?x=1',
    '/loss_functions?x=1',
    '/adapters/none/checkpoints?limit=1',
    '/adapters/none/export?format=zip',
  ])('GET %s is refused, naming the parameter', async (path) => {
    const { status, body } = await server.api.get<ErrorAnswer>(path);
    expect([path, status]).toEqual([path, 400]);
    expect(path).toContain(body.error.details?.field ?? 'nothing');
  });

  it('refuse query parameters of requests that change something, too', async () => {
    expect(await server.api.post('/adapters?model_id=query', {})).toMatchObject({ status: 400 });
    expect((await server.api.get('/healthz?probe=1')).status).toBe(200);
  });

  it('count their parameters as the seed does', async () => {
    const { body } = await server.api.post<AdapterAnswer>('/adapters', { model_id: 'default-shape' });
    const shown = body.trainable_params;
    const { body: capabilities } = await server.api.post<Record<string, unknown>>('/get_info', {
      model_id: 'default-shape',
    });
    expect(capabilities).toMatchObject({
      model_id: 'default-shape',
      is_lora: true,
      lora_rank: 16,
      trainable_params: shown,
      model_data: { arch: 'llama', model_name: 'tiny-chat' },
    });
    // Rank 16 on q and v: twice the rank gives twice the numbers.
    const wide = await server.api.post<AdapterAnswer>('/adapters', { lora_config: { r: 32 } });
    expect(wide.body.trainable_params).toBe(2 * shown);
  });

  it('go on every linear of the layers when asked to', async () => {
    const { body } = await server.api.post<AdapterAnswer>('/adapters', {
      lora_config: { target_modules: 'all-linear' },
    });
    const linears = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];
    expect(body.lora_config['target_modules']).toEqual(linears);
  });

  it('get a name where none is given, and answer to the names of the original API', async () => {
    const made = await server.api.post<AdapterAnswer>('/add_lora', { base_model: 'tiny-chat', rank: 2, alpha: 4 });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ rank: 2, alpha: 4 });
    expect(made.body.model_id).toMatch(/^tiny-chat_lora_[0-9a-f]{8}$/);
    const removed = await server.api.post('/remove_lora', { model_id: made.body.model_id });
    expect(removed).toMatchObject({ status: 200, body: { status: 'deleted' } });
  });

  it('free their name and start afresh under it', async () => {
    await server.api.post('/adapters', { model_id: 'again' });
    await server.api.forwardBackward({ model_id: 'again', data: [chat] });
    await server.api.optimStep('again');
    await server.api.delete('/adapters/again');
    const made = await server.api.post<AdapterAnswer>('/adapters', { model_id: 'again', lora_config: { rank: 2 } });
    expect(made.body).toMatchObject({ rank: 2, step: 0, has_gradients: false });
  });

  it('fail what waits for them when they are deleted', async () => {
    await server.api.post('/adapters', { model_id: 'doomed' });
    const datum = {
      model_input: { chunks: [{ type: 'encoded_text', tokens: new Array(900).fill(5) }] },
      loss_fn_inputs: { target_tokens: new Array(900).fill(6) },
    };
    const body = { model_id: 'doomed', data: [datum, datum, datum, datum] };
    const accepted = await Promise.all([1, 2, 3, 4].map(() => server.api.post<AcceptedAnswer>('/fwdbwd', body)));
    await server.api.delete('/adapters/doomed');
    const answers = await Promise.all(accepted.map(({ body }) => server.api.retrieve<ErrorAnswer>(body.request_id)));
    const last = answers.filter(({ status }) => status !== 200);
    expect(last.length).toBeGreaterThan(0);
    for (const { status, body } of last) {
      expect(status).toBe(404);
      expect(body.error).toMatchObject({ code: 'not_found', category: 'user' });
    }
  });

  it('leave no files behind when they are deleted', async () => {
    await server.api.forwardBackward({ model_id: 'tidy', data: [chat] });
    await server.api.run('/save_weights', { model_id: 'tidy', name: 'one' });
    const [row] = await server.database.query<{ path: string }>(`SELECT path FROM checkpoints WHERE model_id = 'tidy'`);
    expect(server.hasFiles(`checkpoints/${row!.path}`)).toBe(true);
    const deleted = await server.api.delete<AcceptedAnswer>('/adapters/tidy');
    await server.api.retrieve(deleted.body.request_id);
    const count = async (): Promise<number> =>
      (await server.database.query(`SELECT 1 FROM checkpoints WHERE model_id = 'tidy'`)).length;
    await waitFor('the checkpoint rows to go', async () => (await count()) === 0);
    expect(server.hasFiles(`checkpoints/${row!.path}`)).toBe(false);
  });
});

describe('names and shapes that cannot be', () => {
  it.each([
    ['a path', { model_id: '../../etc/passwd' }, 400, 'model_id'],
    ['a leading dot', { model_id: '.hidden' }, 400, 'model_id'],
    ['a long name', { model_id: 'x'.repeat(129) }, 400, 'model_id'],
    ['an empty name', { model_id: '' }, 400, 'model_id'],
    ['a reserved name', { model_id: 'base' }, 400, 'model_id'],
    ["the base model's name", { model_id: 'tiny-chat' }, 400, 'model_id'],
    ['an unknown base model', { base_model: 'gpt-17' }, 400, 'base_model'],
    ['rank 0', { lora_config: { rank: 0 } }, 400, 'lora_config.rank'],
    ['a huge rank', { lora_config: { rank: 100_000 } }, 400, 'lora_config.rank'],
    ['half a rank', { lora_config: { rank: 1.5 } }, 400, 'lora_config.rank'],
    ['two ranks', { lora_config: { rank: 8, r: 16 } }, 400, 'lora_config.r'],
    ['a negative alpha', { lora_config: { alpha: -1 } }, 400, 'lora_config.alpha'],
    ['dropout 1', { lora_config: { dropout: 1 } }, 400, 'lora_config.dropout'],
    ['an unknown module', { lora_config: { target_modules: ['embed'] } }, 400, 'lora_config.target_modules'],
    ['a module twice', { lora_config: { target_modules: ['q_proj', 'q_proj'] } }, 400, 'lora_config.target_modules'],
    ['a module as text', { lora_config: { target_modules: 'q_proj' } }, 400, 'lora_config.target_modules'],
    ['no module', { lora_config: { target_modules: [] } }, 400, 'lora_config.target_modules'],
    ['a misspelt field', { lora_confg: {} }, 400, 'lora_confg'],
    ['a misspelt nested field', { lora_config: { rnk: 4 } }, 400, 'lora_config.rnk'],
  ])('refuses %s', async (_what, body, status, field) => {
    const answer = await server.api.post<ErrorAnswer>('/adapters', body);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatchObject({ category: 'user', details: { field } });
  });

  it('refuses a name that is taken', async () => {
    await server.api.post('/adapters', { model_id: 'taken' });
    const answer = await server.api.post<ErrorAnswer>('/adapters', { model_id: 'taken' });
    expect(answer.status).toBe(409);
    expect(answer.body.error).toMatchObject({ code: 'conflict', details: { field: 'model_id' } });
  });

  it('makes one adapter of many requests for the same name', async () => {
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => server.api.post('/adapters', { model_id: 'raced' })));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409, 409, 409, 409]);
  });

  it.each(['/adapters/nobody', '/adapters/nobody/checkpoints', '/adapters/nobody/export', '/adapters/..%2f..%2fetc'])(
    'does not find GET %s',
    async (route) => {
      const answer = await server.api.get<ErrorAnswer>(route);
      expect(answer.status).toBe(404);
      expect(answer.body.error).toMatchObject({ code: 'not_found', category: 'user' });
    },
  );
});
