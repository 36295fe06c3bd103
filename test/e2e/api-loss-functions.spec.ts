import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TinkerClient } from '../support/service/tinker-client.js';
import { type AcceptedAnswer, ApiClient, type ErrorAnswer, type ForwardAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

/** Losses that clients write: what one registers, it alone can train with, on every route. */
const KEYS = ['tml-mine', 'tml-other'] as const;
const EXAMPLES = path.join(import.meta.dirname, '..', '..', 'examples', 'losses');

interface LossDefinition {
  readonly name: string;
  readonly loss: string;
  readonly let?: Readonly<Record<string, string>>;
}
interface LossAnswer {
  readonly name: string;
  readonly version: number;
  readonly inputs: readonly { readonly name: string; readonly per: string; readonly default: number | null }[];
  readonly config: readonly unknown[];
  readonly gradient_check: { readonly checked: number; readonly batches: number; readonly message: string };
  readonly warnings: readonly string[];
}
interface DetailsAnswer extends LossAnswer {
  readonly definition: LossDefinition | null;
  readonly versions: readonly { readonly version: number }[];
}
interface ListAnswer {
  readonly available_loss_functions: readonly string[];
  readonly losses: readonly { readonly name: string; readonly version: number | null }[];
  readonly next_cursor: string | null;
}
interface PreviewAnswer {
  readonly loss: number;
  readonly gradients: readonly (readonly number[])[];
  readonly metrics: Readonly<Record<string, number>>;
}

let server: TestServer;
let mine: ApiClient;
let other: ApiClient;

beforeAll(async () => {
  server = await TestServer.start({ env: { API_KEYS: KEYS.join(',') } });
  [mine, other] = KEYS.map((key) => new ApiClient(server.api.url, key)) as [ApiClient, ApiClient];
});

afterAll(() => server.stop());

const example = (name: string) =>
  JSON.parse(readFileSync(path.join(EXAMPLES, `${name}.json`), 'utf8')) as LossDefinition;
const sum = (factor: string): LossDefinition => ({ name: 'mine', loss: `sum(${factor} * target_logprobs)` });

async function register(definition: object, client = mine): Promise<LossAnswer> {
  const { status, body } = await client.post<LossAnswer>('/loss_functions', definition);
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
}

async function refused(definition: unknown, route = '/loss_functions') {
  const { status, body } = await mine.post<ErrorAnswer>(route, definition);
  expect(status, JSON.stringify(body).slice(0, 300)).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(body.error.category).toBe('user');
  return { status, ...body.error, details: (body.error.details ?? {}) as Record<string, unknown> };
}

const tokens = [10, 20, 30, 40, 50];
const datum = (inputs: Record<string, unknown>, first = 10) => ({
  model_input: { chunks: [{ type: 'encoded_text', tokens: [first, ...tokens.slice(1)] }] },
  loss_fn_inputs: { target_tokens: { data: [20, 30, 40, 50, 60], dtype: 'int64', shape: [5] }, ...inputs },
});
const reference_logprobs = [-3, -3, -3, -3, -3];
/** Two pairs of a preferred and another answer; `one` wraps a number as the wire wants it. */
const pairs = (one: (value: number) => unknown) =>
  [0, 1, 2, 3].map((i) => datum({ reference_logprobs, pair: one(i >> 1), chosen: one(1 - (i % 2)) }, 10 + i));
const policy = { logprobs: [-1, -2, -1, -3, -2], advantages: [0, 0, 1, -1, 0.5] };

describe('the register', () => {
  it('tells what a loss reads and how its gradient was checked', async () => {
    const dpo = await register(example('dpo'));
    expect(dpo).toMatchObject({ name: 'my_dpo', version: 1, gradient_check: { checked: 4, batches: 4 } });
    expect(dpo.inputs.map(({ name, per, default: value }) => [name, per, value])).toEqual([
      ['target_tokens', 'token', null],
      ['weights', 'token', 1],
      ['reference_logprobs', 'token', null],
      ['chosen', 'datum', null],
      ['pair', 'datum', null],
    ]);
    expect(dpo.config).toMatchObject([{ name: 'beta', default: 0.1, min: 0, max: null }]);
    const nowhere = await register({ name: 'nowhere', loss: 'sum(log(target_logprobs - 1))' });
    expect(nowhere.gradient_check).toMatchObject({
      checked: 0,
      message: expect.stringMatching(/not finite/) as string,
    });
    expect(nowhere.warnings).toEqual([expect.stringContaining('NaN or infinite on each of 4 generated batches')]);
    expect(dpo.warnings).toEqual([]);
  });

  it('keeps versions, lists the newest, and deletes all of them without giving a number twice', async () => {
    expect([await register(sum('1')), await register(sum('1')), await register(sum('2'))]).toMatchObject([
      { version: 1 },
      { version: 1 },
      { version: 2 },
    ]);
    const get = async (name: string) => (await mine.get<DetailsAnswer>(`/loss_functions/${name}`)).body;
    expect(await get('mine')).toMatchObject({
      version: 2,
      definition: sum('2'),
      versions: [{ version: 2 }, { version: 1 }],
    });
    expect(await get('mine@1')).toMatchObject({ version: 1, definition: sum('1') });
    expect(await get('ppo')).toMatchObject({ name: 'ppo', version: null, definition: null, versions: [] });
    const { body } = await mine.get<ListAnswer>('/loss_functions');
    expect(body.available_loss_functions).toEqual(expect.arrayContaining(['cross_entropy', 'mine']));
    expect(body.losses.find(({ name }) => name === 'mine')).toMatchObject({ version: 2 });
    expect((await mine.delete('/loss_functions/mine')).body).toEqual({ name: 'mine', status: 'deleted', versions: 2 });
    expect((await mine.delete('/loss_functions/mine')).status).toBe(404);
    for (const name of ['mine', 'mine@1']) expect((await mine.get(`/loss_functions/${name}`)).status).toBe(404);
    expect(await register(sum('1'))).toMatchObject({ version: 3 });
  });

  it('lists page by page, and what a filter lets through', async () => {
    const names = ['page_c', 'page_A', 'page_b'];
    for (const name of names) await register({ ...sum('1'), name });
    const list = async (query: string) => (await mine.get<ListAnswer>(`/loss_functions?${query}`)).body;
    const first = await list('name=PAGE_&limit=2');
    expect(first).toMatchObject({
      available_loss_functions: ['page_A', 'page_b'],
      losses: [{ name: 'page_A', shadowed: false }, { name: 'page_b' }],
      next_cursor: 'own.page_b',
    });
    expect(await list(`name=page_&limit=2&cursor=${first.next_cursor}`)).toMatchObject({
      available_loss_functions: ['page_c'],
      next_cursor: null,
    });
    expect((await list('origin=server')).available_loss_functions).toEqual([
      'cross_entropy',
      'importance_sampling',
      'ppo',
      'cispo',
      'dro',
      'pairwise_dpo',
    ]);
    expect((await list('origin=own')).available_loss_functions).not.toContain('ppo');
    for (const query of ['limit=0', 'limit=x', 'origin=theirs', 'cursor=1042', 'name[]=a', 'nme=a']) {
      expect(await mine.get(`/loss_functions?${query}`), query).toMatchObject({ status: 400 });
    }
    for (const name of names) await mine.delete(`/loss_functions/${name}`);
  });

  it('keeps the order of the formulas, which counts', async () => {
    const let_ = { zz: '2', aaa: 'zz + 1', b: 'aaa * zz' };
    await register({ name: 'ordered', let: let_, loss: 'b * sum(target_logprobs)' });
    const { body } = await mine.get<DetailsAnswer>('/loss_functions/ordered');
    expect(Object.keys(body.definition?.let ?? {})).toEqual(['zz', 'aaa', 'b']);
    const { loss } = await mine.forwardBackward({ model_id: 'ordered', data: [datum({})], loss_fn: 'ordered' });
    const plain = await mine.run<ForwardAnswer>('/fwd', { model_id: 'ordered', data: [datum({})] });
    expect(loss / plain.loss).toBeCloseTo(-6, 4);
  });

  it('gives the numbers once to clients that register at the same time', async () => {
    const answers = await Promise.all(['3', '4', '5', '6', '7'].map((f) => register({ ...sum(f), name: 'crowded' })));
    expect(answers.map(({ version }) => version).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
  });

  it('shows a loss to the key that made it alone', async () => {
    await register({ name: 'secret', loss: 'sum(target_logprobs)' });
    expect((await other.get('/loss_functions/secret')).status).toBe(404);
    expect((await other.delete('/loss_functions/secret')).status).toBe(404);
    const { body } = await other.get<ListAnswer>('/list_loss_functions');
    expect(body.available_loss_functions).not.toContain('secret');
    const used = await other.post<ErrorAnswer>('/fwdbwd', { model_id: 'm', data: [datum({})], loss_fn: 'secret' });
    expect(used).toMatchObject({ status: 400, body: { error: { code: 'unknown_loss' } } });
    expect(used.body.error.message).not.toContain('my_dpo');
    expect(await register({ name: 'secret', loss: '-sum(target_logprobs)' }, other)).toMatchObject({ version: 1 });
  });

  it('leaves the built-in losses alone', async () => {
    expect(await refused({ ...sum('1'), name: 'ppo' })).toMatchObject({ status: 409, details: { field: 'name' } });
    expect(await mine.delete('/loss_functions/ppo')).toMatchObject({ status: 409 });
  });
});

describe('a definition that cannot be used is refused', () => {
  const loss = (source: string) => ({ name: 'bad', loss: source });
  it.each([
    ['a bracket', loss('-sum(target_logprobs'), 'loss', 20],
    ['a number beyond float64', loss('sum(target_logprobs) * 1e999'), 'loss', 23],
    ['brackets without end', loss(`sum(${'('.repeat(2000)}`), 'loss', 43],
    ['signs without end', loss(`sum(${'-'.repeat(3000)}1)`), 'loss', 44],
    ['an attribute', loss('target_logprobs.constructor'), 'loss', 15],
    ['a word of another alphabet', loss('sum(target_logprobs * \u043b\u043e\u0441\u0441)'), 'loss', 22],
    ['an emoji', loss('sum(target_logprobs) \u{1f600}'), 'loss', 21],
    ['a formula of a value', { ...loss('sum(target_logprobs)'), let: { a: '1 +' } }, 'let.a', 3],
    ['a formula of a metric', { ...loss('sum(target_logprobs)'), metrics: { m: 'foo(1)' } }, 'metrics.m', 0],
    ['__proto__ as an input', loss('sum(target_logprobs * __proto__)'), 'loss', 22],
    ['constructor as an input', loss('sum(target_logprobs * constructor)'), 'loss', 22],
    [
      'toString as an optional one',
      { ...loss('sum(target_logprobs * toString)'), inputs: { toString: { default: 1 } } },
      'loss',
      22,
    ],
  ])('%s, at the character', async (_what, definition, field, position) => {
    expect(await refused(definition)).toMatchObject({
      status: 400,
      code: 'invalid_expression',
      details: { field, position },
    });
  });

  const good = loss('sum(target_logprobs)');
  const raw = (text: string) => JSON.parse(`{"name": "bad", "loss": "sum(target_logprobs)", ${text}}`) as object;
  it.each([
    ['a list', [], 'body'],
    ['no loss', { name: 'bad' }, 'loss'],
    ['a number as the loss', { name: 'bad', loss: 1 }, 'loss'],
    ['an unknown field', { ...good, metric: {} }, 'metric'],
    ['an unknown field within', { ...good, inputs: { a: { shape: 1 } } }, 'inputs.a.shape'],
    ['an unknown per', { ...good, inputs: { a: { per: 'batch' } } }, 'inputs.a.per'],
    ['a name with a colon', { ...good, metrics: { 'a:b': '1' } }, 'metrics.a:b'],
    ['a name that is a path', { ...good, name: '../x' }, 'name'],
    ['a name with a version', { ...good, name: 'bad@2' }, 'name'],
    ['the name __proto__', { ...good, name: '__proto__' }, 'name'],
    ['the name constructor', { ...good, name: 'constructor' }, 'name'],
    ['__proto__ in let', raw('"let": {"__proto__": "1"}'), 'let.__proto__'],
    ['__proto__ in config', raw('"config": {"__proto__": 1}'), 'config.__proto__'],
    ['__proto__ in metrics', raw('"metrics": {"__proto__": "1"}'), 'metrics.__proto__'],
    ['__proto__ in inputs', raw('"inputs": {"__proto__": {}}'), 'inputs.__proto__'],
    ['constructor in let', { ...good, let: { constructor: '1' } }, 'let.constructor'],
    ['a metric called loss', { ...good, metrics: { loss: '1' } }, 'metrics.loss'],
    ['a loss that jumps', loss('sum(where(target_logprobs > -1, target_logprobs, 0))'), 'loss'],
    ['a name without end', { ...good, metrics: { ['a'.repeat(60_000)]: '1' } }, 'metrics'],
    ['a config key that no formula uses', { ...good, config: { used: 1, a: 1 }, let: { x: 'used' } }, 'config.a'],
    ['a default out of range', { ...good, config: { a: { default: 2, max: 1 } } }, 'config.a'],
    ['a default beyond float64', raw('"config": {"a": 1e999}'), 'config.a'],
    ['65 values', { ...good, let: Object.fromEntries([...Array(65).keys()].map((i) => [`v${i}`, '1'])) }, 'let'],
    [
      '33 metrics',
      { ...good, metrics: Object.fromEntries([...Array(33).keys()].map((i) => [`v${i}`, '1'])) },
      'metrics',
    ],
    ['a long description', { ...good, description: 'x'.repeat(2001) }, 'description'],
    ['NUL', { ...good, description: 'a\0b' }, 'body'],
    ['half a character', { ...good, description: '\ud800' }, 'body'],
  ])('%s', async (_what, definition, field) => {
    const { status, details } = await refused(definition);
    expect({ status, field: details['field'] }).toEqual({ status: 400, field });
  });

  it('10 MB of it, and a tree without end', async () => {
    expect(await refused(loss('a'.repeat(10_000_000)))).toMatchObject({ status: 413, code: 'loss_too_large' });
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const body = `{"name": "bad", "loss": ${deep}}`;
    const headers = { 'Content-Type': 'application/json', 'X-API-Key': KEYS[0] };
    const answer = await fetch(`${server.api.url}/loss_functions`, { method: 'POST', headers, body });
    expect(answer.status).toBe(413);
  });

  it('formulas that are short each and too long together, before they are parsed', async () => {
    const metrics = Object.fromEntries([...Array(20).keys()].map((i) => [`m${i}`, '1 + '.repeat(150) + '1']));
    for (const [body, route] of [
      [{ ...good, metrics }, '/loss_functions'],
      [{ definition: { ...good, metrics }, data: [{ target_logprobs: [-1] }] }, '/loss_functions/preview'],
    ] as const) {
      const { status, code, message } = await refused(body, route);
      expect({ status, code }).toEqual({ status: 413, code: 'loss_too_large' });
      expect(message).toContain('6024 names, numbers and operators in its formulas; the limit is 4000');
    }
  });

  it('of two keys with one name the last counts, as everywhere in JSON', async () => {
    const headers = { 'Content-Type': 'application/json', 'X-API-Key': KEYS[0] };
    const body = '{"name": "twice", "loss": "nonsense(", "loss": "sum(target_logprobs)"}';
    const answer = await fetch(`${server.api.url}/loss_functions`, { method: 'POST', headers, body });
    expect(answer.status).toBe(201);
  });

  it('a mask of values that are used over and over is looked through once', async () => {
    const doubled = Object.fromEntries([...Array(60).keys()].map((i) => [`v${i + 1}`, `v${i} + v${i}`]));
    await register({
      name: 'doubling',
      let: { v0: 'weights + 1', ...doubled },
      loss: 'sum(target_logprobs)',
      mask: 'v60 > 0',
    });
  });
});

describe('a preview', () => {
  it('gives value, gradient and metrics of a definition or of a name', async () => {
    const definition = { ...sum('weights'), inputs: { weights: { default: 1 } }, metrics: { tokens: 'token_count' } };
    const data = [
      { target_logprobs: [-1, -2], loss_fn_inputs: { weights: [3, 0] } },
      { target_logprobs: [-0.5], loss_fn_inputs: { weights: [2] } },
    ];
    const { status, body } = await mine.post<PreviewAnswer>('/loss_functions/preview', { definition, data });
    expect({ status, body }).toEqual({
      status: 200,
      body: { loss: -4, gradients: [[3, 0], [2]], metrics: { tokens: 2 } },
    });
    await register(example('dpo'));
    const chosen = { reference_logprobs: [-1], pair: [7], chosen: [1] };
    const pair = [
      { target_logprobs: [-1], loss_fn_inputs: chosen },
      { target_logprobs: [-2], loss_fn_inputs: { ...chosen, chosen: [0] } },
    ];
    const by = { loss_fn: 'my_dpo', loss_fn_config: { beta: 1 }, data: pair };
    const dpo = await mine.post<PreviewAnswer>('/loss_functions/preview', by);
    expect(dpo.body.loss).toBeCloseTo(Math.log(1 + Math.exp(-1)), 6);
    expect(dpo.body.gradients[0]![0]).toBeCloseTo(-1 / (1 + Math.E), 6);
    expect(dpo.body.gradients[1]![0]).toBeCloseTo(1 / (1 + Math.E), 6);
  });

  it('reads the targets where a formula uses them, and several per position', async () => {
    const definition = sum('where(target_tokens == 3, 2, 0)');
    const preview = (datum: object) => ({ definition, data: [datum] });
    const inputs = (target_tokens: unknown) => ({ target_logprobs: [-1, -2], loss_fn_inputs: { target_tokens } });
    const post = (datum: object) => mine.post<PreviewAnswer>('/loss_functions/preview', preview(datum));
    expect((await post(inputs([3, 4]))).body).toMatchObject({ loss: -2, gradients: [[2, 0]] });
    const shape = [2, 2];
    const wide = {
      target_logprobs: { data: [-1, -2, -3, -4], shape },
      loss_fn_inputs: { target_tokens: { data: [3, 4, 5, 3], shape } },
    };
    expect((await post(wide)).body).toMatchObject({ loss: -10, gradients: [[2, 0, 0, 2]] });
    for (const [datum, field] of [
      [{ target_logprobs: [-1, -2] }, 'data[0].loss_fn_inputs.target_tokens'],
      [inputs('foo'), 'data[0].loss_fn_inputs.target_tokens'],
      [inputs([3]), 'data[0].loss_fn_inputs.target_tokens'],
      [inputs([0.5, 1]), 'data[0].loss_fn_inputs.target_tokens[0]'],
      [{ ...wide, loss_fn_inputs: { target_tokens: [3, 4] } }, 'data'],
      [{ target_logprobs: { data: [-1], shape } }, 'data[0].target_logprobs.data'],
    ] as const) {
      expect((await refused(preview(datum), '/loss_functions/preview')).details).toMatchObject({ field });
    }
  });

  it('is refused for a setting of any depth', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const body = `{"loss_fn": "dro", "loss_fn_config": {"beta": ${deep}}, "data": [{"target_logprobs": [-1]}]}`;
    const headers = { 'Content-Type': 'application/json', 'X-API-Key': KEYS[0] };
    const answer = await fetch(`${server.api.url}/loss_functions/preview`, { method: 'POST', headers, body });
    expect(answer.status).toBe(413);
  });

  const data = [{ target_logprobs: [-1, -1] }];
  it.each([
    ['neither name nor definition', { data }, 'invalid_request', 'loss_fn'],
    ['both', { data, loss_fn: 'ppo', definition: sum('1') }, 'invalid_request', 'loss_fn'],
    ['a name that is not there', { data, loss_fn: 'a\0b' }, 'unknown_loss', 'loss_fn'],
    ['an input that is missing', { data, definition: sum('x') }, 'invalid_request', 'data[0].loss_fn_inputs.x'],
    ['no data', { definition: sum('1') }, 'invalid_request', 'data'],
    [
      'too much',
      { definition: sum('1'), data: [{ target_logprobs: Array(4097).fill(-1) }] },
      'invalid_request',
      'data',
    ],
    ['a division by 0', { data, definition: sum('1 / 0') }, 'non_finite_loss', undefined],
    ['a formula', { data, definition: sum('foo(1)') }, 'invalid_expression', 'loss'],
  ])('refuses %s', async (_what, body, code, field) => {
    const error = await refused(body, '/loss_functions/preview');
    expect({ code: error.code, field: error.details['field'] }).toEqual({ code, field });
  });
});

describe('training', () => {
  it.each(['cross_entropy', 'importance_sampling', 'ppo', 'cispo', 'dro'])(
    'with %s written as formulas gives what the built-in loss gives',
    async (name) => {
      const definition = example(name);
      await register(definition);
      const data = [datum(name === 'cross_entropy' ? {} : policy)];
      const run = async (model_id: string, loss_fn: string) => {
        await mine.post('/adapters', { model_id, lora_config: { seed: 3 } });
        const { loss, metrics } = await mine.forwardBackward({ model_id, data, loss_fn });
        return { loss, metrics, step: (await mine.optimStep(model_id)).metrics };
      };
      const [own, builtIn] = [await run(`own-${name}`, definition.name), await run(`built-${name}`, name)];
      expect(own.loss).toBeCloseTo(builtIn.loss, 5);
      expect(Object.keys(own.metrics).sort()).toEqual(Object.keys(builtIn.metrics).sort());
      // One is computed inside the graph and one between two of them, in float32.
      expect(own.step['grad_norm']! / builtIn.step['grad_norm']!).toBeCloseTo(1, 4);
    },
  );

  it('prefers with DPO over pairs, by the root route', async () => {
    await register(example('dpo'));
    const request = {
      model_id: 'dpo',
      data: pairs((value) => [value]),
      loss_fn: 'my_dpo',
      loss_fn_config: { beta: 1 },
    };
    const first = await mine.forwardBackward(request);
    await mine.optimStep('dpo');
    const scalar = pairs((value) => ({ data: [value], shape: [] }));
    const second = await mine.forwardBackward({ ...request, data: scalar });
    expect(second.loss).toBeLessThan(first.loss);
    const { version } = await register(example('dpo'));
    expect(second).toMatchObject({ loss_fn: `my_dpo@${version}` });
    const { body } = await mine.get<{ entries: { loss_fn: string | null }[] }>('/adapters/dpo/history');
    expect(body.entries.slice(0, 2).map(({ loss_fn }) => loss_fn)).toEqual([`my_dpo@${version}`, null]);
    expect(second.metrics['mean_margin']).toBeGreaterThan(first.metrics['mean_margin']!);
  });

  it('prefers with DPO over pairs, by /api/v1', async () => {
    await register(example('dpo'));
    const client = new TinkerClient(server.api.url, KEYS[0]);
    await client.begin();
    const [modelId, requestId] = await client.createModel(0);
    await client.retrieved({ status: 200, body: { request_id: requestId } });
    const one = (value: number) => ({ data: [value], dtype: 'float32', shape: [1] });
    const data = pairs(one).map((entry) => {
      const inputs = { ...entry.loss_fn_inputs, reference_logprobs: { data: reference_logprobs, dtype: 'float32' } };
      return { ...entry, loss_fn_inputs: inputs };
    });
    const input = { data, loss_fn: 'my_dpo', loss_fn_config: { beta: 1 } };
    const { status, body } = await client.settled('forward_backward', {
      model_id: modelId,
      seq_id: 2,
      forward_backward_input: input,
    });
    expect(status).toBe(200);
    expect(Object.keys(body['metrics'] as object).sort()).toEqual(['accuracy:mean', 'loss:sum', 'mean_margin:mean']);
  });

  it('on conversations takes one number for each', async () => {
    await register(example('simpo'));
    const chat = (answer: string) => [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: answer },
    ];
    const { metrics } = await mine.forwardBackward({
      model_id: 'chats',
      data: [chat('Good day.'), chat('Go away.')],
      loss_fn: 'my_simpo',
      train_on: 'assistant',
      loss_fn_inputs: { pair: [0, 0], chosen: [1, 0] },
    });
    expect([0, 1]).toContain(metrics['accuracy']);
    await register({ name: 'weightless', loss: '-sum(target_logprobs)' });
    const request = { model_id: 'chats', data: [chat('Hi.')], loss_fn: 'weightless', train_on: 'assistant' };
    expect(await refused(request, '/fwdbwd')).toMatchObject({ details: { field: 'train_on' } });
  });

  it('computes the version that is asked for, and what was accepted with the one of then', async () => {
    const send = async (loss_fn: string) => {
      const body = { model_id: 'versions', data: [datum({})], loss_fn };
      return (await mine.post<{ request_id: string }>('/fwd', body)).body.request_id;
    };
    await mine.post('/adapters', { model_id: 'versions' });
    const versions = [];
    for (const factor of ['10', '20']) versions.push(await register({ ...sum(factor), name: 'moving' }));
    const names = [`moving@${versions[0]!.version}`, 'moving'];
    const ids = [await send(names[0]!), await send(names[1]!)];
    await mine.delete('/loss_functions/moving');
    const [first, second] = await Promise.all(ids.map((id) => mine.retrieve<ForwardAnswer>(id)));
    expect(second!.body.loss / first!.body.loss).toBeCloseTo(2, 5);
    for (const loss_fn of [...names, 'moving@', 'moving@x', 'ppo@1']) {
      const gone = await refused({ model_id: 'versions', data: [datum({})], loss_fn }, '/fwd');
      expect(gone).toMatchObject({ code: 'unknown_loss' });
    }
  });

  it('knows a repeat by what the client sent, whatever has become of the loss', async () => {
    const client = new TinkerClient(server.api.url, KEYS[0]);
    await client.begin();
    const [modelId] = await client.createModel(0);
    await mine.post('/adapters', { model_id: 'repeats' });
    await register({ ...sum('1'), name: 'again' });
    const routes = [
      (loss_fn: string, first = 10) =>
        mine.post<AcceptedAnswer>('/fwdbwd', { model_id: 'repeats', seq_id: 1, data: [datum({}, first)], loss_fn }),
      (loss_fn: string, first = 10) => {
        const forward_backward_input = { data: [datum({}, first)], loss_fn };
        return client.post('forward_backward', { model_id: modelId, seq_id: 2, forward_backward_input });
      },
    ];
    for (const send of routes) {
      const { version } = await register({ ...sum('1'), name: 'again' });
      const accepted = await send('again');
      expect(accepted.status, JSON.stringify(accepted.body)).toBe(200);
      await register({ ...sum('2'), name: 'again' });
      const repeats = [await send('again'), await send(`again@${version}`)];
      await mine.delete('/loss_functions/again');
      repeats.push(await send('again'));
      for (const repeat of repeats) expect(repeat.body['request_id']).toBe(accepted.body['request_id']);
      for (const other of [await send('again', 11), await send('cross_entropy')]) {
        expect(other).toMatchObject({ status: 400 });
        expect(JSON.stringify(other.body)).toContain('seq_id_reused');
      }
      expect(JSON.stringify((await send(`again@${version + 1}`)).body)).toContain('unknown_loss');
    }
  });

  it('says in the result when and where a loss is not a number', async () => {
    await register({ name: 'dividing', loss: 'sum(target_logprobs / x)' });
    const body = { model_id: 'dividing', data: [datum({ x: [1, 0, 1, 1, 1] })], loss_fn: 'dividing' };
    const accepted = await mine.post<{ request_id: string }>('/fwdbwd', body);
    const answer = await mine.retrieve<ErrorAnswer>(accepted.body.request_id);
    expect(answer.body.error).toMatchObject({ code: 'non_finite_loss', category: 'user' });
    expect(answer.body.error.message).toContain("'target_logprobs / x' in loss");
  });

  it.each([
    ['several numbers for a datum', { pair: [0, 1], chosen: [1] }, 'pair'],
    ['a number that float32 rounds', { pair: [16_777_217], chosen: [1] }, 'pair'],
    ['none', { chosen: [1] }, 'pair'],
    ['a shape of tokens', { pair: { data: [0], shape: [5] }, chosen: [1] }, 'pair.shape'],
    ['a number per token', { pair: { data: [0, 0, 0, 0, 0] }, chosen: [1] }, 'pair.data'],
  ])('refuses %s', async (_what, inputs, field) => {
    await register(example('dpo'));
    const data = [datum({ reference_logprobs, ...inputs })];
    const { details } = await refused({ model_id: 'refused', data, loss_fn: 'my_dpo' }, '/fwdbwd');
    expect(details['field']).toBe(`data[0].loss_fn_inputs.${field}`);
  });
});
