import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import {
  type AcceptedAnswer,
  type AdapterAnswer,
  type ErrorAnswer,
  type ForwardAnswer,
  type OptimAnswer,
} from './support/client.js';
import { TestServer } from './support/server.js';

let server: TestServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'thinker-models-'));
  // A second base model of the same shape under another name.
  const bundled = path.resolve(import.meta.dirname, '..', '..', 'models', 'tiny-chat');
  symlinkSync(bundled, path.join(folder, 'other-chat'), 'dir');
  server = await TestServer.start({ baseModels: [bundled, path.join(folder, 'other-chat')] });
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const data = [
  [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'The sea is wide today.' },
  ],
];

const look = async (model_id: string) =>
  (await server.api.run<ForwardAnswer>('/fwd', { model_id, data, logprobs: 'all' })).loss_fn_outputs[0]!.logprobs.data;

async function train(model_id: string, steps: number, extra: object = {}): Promise<OptimAnswer> {
  let last: OptimAnswer | undefined;
  for (let i = 0; i < steps; i++) {
    await server.api.forwardBackward({ model_id, data, ...extra });
    last = await server.api.optimStep(model_id, 0.003);
  }
  return last!;
}

async function fails(route: string, body: object): Promise<ErrorAnswer> {
  const accepted = await server.api.post<AcceptedAnswer & ErrorAnswer>(route, body);
  if (accepted.status !== 200) return accepted.body;
  return (await server.api.retrieve<ErrorAnswer>(accepted.body.request_id)).body;
}

describe('training checkpoints', () => {
  it('restore weights, moments and step: training goes on with the same numbers', async () => {
    await train('saved', 3);
    const { path: saved } = await server.api.run<AcceptedAnswer>('/save_weights', { model_id: 'saved', name: 'three' });
    expect(saved).toBe('tinker://saved/weights/three');
    const logprobs = await look('saved');
    const onwards = await train('saved', 2);
    expect(await look('saved')).not.toEqual(logprobs);

    await server.api.run('/load_weights', { model_id: 'saved', name: 'three' });
    expect(await look('saved')).toEqual(logprobs);
    expect((await server.api.get<AdapterAnswer>('/adapters/saved')).body).toMatchObject({
      step: 3,
      has_gradients: false,
    });
    expect(await train('saved', 2)).toEqual({ ...onwards, ...(await idsOf('saved')) });
  });

  /** The parts of an answer that tell which request it was. */
  async function idsOf(model_id: string): Promise<object> {
    const { body } = await server.api.get<{ futures: { request_id: string; kind: string; model_id: string }[] }>(
      `/futures?kind=optim_step&model_id=${model_id}&limit=1`,
    );
    return { request_id: body.futures[0]!.request_id };
  }

  it('load without the optimiser as a fresh start', async () => {
    await train('fresh', 2);
    await server.api.run('/save_weights', { model_id: 'fresh', name: 'two' });
    const logprobs = await look('fresh');
    await server.api.run('/load_weights', { model_id: 'fresh', path: 'two', optimizer: false });
    expect(await look('fresh')).toEqual(logprobs);
    expect((await train('fresh', 1)).metrics['step']).toBe(1);
  });

  it('load into another adapter by their path', async () => {
    await train('donor', 2);
    await server.api.run('/save_weights', { model_id: 'donor', name: 'gift' });
    await server.api.post('/adapters', { model_id: 'heir' });
    await server.api.run('/load_weights', { model_id: 'heir', path: 'tinker://donor/weights/gift' });
    expect(await look('heir')).toEqual(await look('donor'));
    expect((await server.api.get<AdapterAnswer>('/adapters/heir')).body.step).toBe(2);
  });

  it('drop gradients that were not applied', async () => {
    await train('dropping', 1);
    await server.api.run('/save_weights', { model_id: 'dropping', name: 'one' });
    await server.api.forwardBackward({ model_id: 'dropping', data });
    await server.api.run('/load_weights', { model_id: 'dropping', name: 'one' });
    expect((await fails('/optim_step', { model_id: 'dropping' })).error.code).toBe('no_gradients');
  });

  it('can be saved and loaded without waiting in between', async () => {
    await train('piped', 1);
    await server.api.post('/save_weights', { model_id: 'piped', name: 'soon' });
    await server.api.run('/load_weights', { model_id: 'piped', name: 'soon' });
  });

  it('are listed, replaced when asked to, and deleted', async () => {
    await train('listed', 1);
    await server.api.run('/save_weights', { model_id: 'listed', name: 'a' });
    expect((await fails('/save_weights', { model_id: 'listed', name: 'a' })).error).toMatchObject({
      code: 'checkpoint_exists',
      category: 'user',
      details: { field: 'name' },
    });
    await train('listed', 1);
    await server.api.run('/save_weights', { model_id: 'listed', name: 'a', overwrite: true });
    const list = async () =>
      (await server.api.get<{ checkpoints: object[] }>('/adapters/listed/checkpoints')).body.checkpoints;
    expect(await list()).toMatchObject([{ path: 'tinker://listed/weights/a', name: 'a', kind: 'weights', step: 2 }]);
    const deleted = await server.api.delete('/adapters/listed/checkpoints/weights/a');
    expect(deleted).toMatchObject({ status: 200, body: { status: 'deleted' } });
    expect(await list()).toEqual([]);
    expect((await server.api.delete('/adapters/listed/checkpoints/weights/a')).status).toBe(404);
  });

  it('of which each keeps one folder, whatever was overwritten', async () => {
    await train('tidy', 1);
    for (let i = 0; i < 3; i++) await server.api.run('/save_weights', { model_id: 'tidy', name: 'x', overwrite: true });
    const rows = await server.database.query<{ path: string; adapter_id: string }>(
      `SELECT path, adapter_id FROM checkpoints WHERE model_id = 'tidy'`,
    );
    expect(rows).toHaveLength(1);
    expect(server.listFiles(`checkpoints/checkpoints/${rows[0]!.adapter_id}`)).toEqual([path.basename(rows[0]!.path)]);
  });

  it('expire', async () => {
    await train('fleeting', 1);
    await server.api.run('/save_weights', { model_id: 'fleeting', name: 'brief', ttl_seconds: 1 });
    const gone = async () => (await server.api.get<{ checkpoints: object[] }>('/adapters/fleeting/checkpoints')).body;
    await waitFor('the end of the checkpoint', async () => (await gone()).checkpoints.length === 0);
    expect((await fails('/load_weights', { model_id: 'fleeting', name: 'brief' })).error.code).toBe('not_found');
  });
});

describe('checkpoints that do not fit', () => {
  beforeAll(async () => {
    await train('fits', 1);
    await server.api.run('/save_weights', { model_id: 'fits', name: 'one' });
    await server.api.run('/save_weights_for_sampler', { model_id: 'fits', name: 'sample' });
    await server.api.post('/adapters', { model_id: 'foreign', base_model: 'other-chat' });
    await server.api.post('/adapters', { model_id: 'wide', lora_config: { rank: 32 } });
  });

  it.each([
    ['of another base model', { model_id: 'foreign', path: 'tinker://fits/weights/one' }, 'checkpoint_mismatch'],
    ['of another rank', { model_id: 'wide', path: 'tinker://fits/weights/one' }, 'checkpoint_mismatch'],
    [
      'without an optimiser',
      { model_id: 'fits', path: 'tinker://fits/sampler_weights/sample', optimizer: true },
      'checkpoint_mismatch',
    ],
    ['that are not there', { model_id: 'fits', name: 'missing' }, 'not_found'],
    ['of an unknown adapter', { model_id: 'fits', path: 'tinker://nobody/weights/one' }, 'not_found'],
    ['with a trick in the path', { model_id: 'fits', path: 'tinker://fits/weights/../../x' }, 'invalid_request'],
    ['with a trick in the name', { model_id: 'fits', name: '../x' }, 'invalid_request'],
    ['with neither name nor path', { model_id: 'fits' }, 'invalid_request'],
    ['with two names', { model_id: 'fits', name: 'one', path: 'two' }, 'invalid_request'],
  ])('are refused: %s', async (_what, body, code) => {
    const before = await look(body.model_id);
    expect((await fails('/load_weights', body)).error).toMatchObject({ code, category: 'user' });
    expect(await look(body.model_id)).toEqual(before);
  });

  it.each(['../x', 'a/b', '.hidden', '', 'x'.repeat(129), 'tinker://fits/weights/x'])(
    'cannot be saved as %j',
    async (name) => {
      for (const route of ['/save_weights', '/save_weights_for_sampler']) {
        const { error } = await fails(route, { model_id: 'fits', name });
        expect(error).toMatchObject({ category: 'user', details: { field: 'name' } });
      }
    },
  );
});

describe('sampler snapshots', () => {
  it('never change', async () => {
    const greedy = {
      messages: [{ role: 'user', content: 'Hello' }],
      temperature: 0,
      max_new_tokens: 16,
      logprobs: true,
    };
    await train('sampled', 2);
    const { path: snapshot } = await server.api.run<AcceptedAnswer>('/save_weights_for_sampler', {
      model_id: 'sampled',
    });
    const before = await server.api.generate({ ...greedy, model_id: snapshot });
    expect(before.sequences).toEqual((await server.api.generate({ ...greedy, model_id: 'sampled' })).sequences);
    await train('sampled', 6);
    expect((await server.api.generate({ ...greedy, model_id: snapshot })).sequences).toEqual(before.sequences);
    expect((await server.api.generate({ ...greedy, model_id: 'sampled' })).sequences).not.toEqual(before.sequences);
    const name = snapshot!.split('/').at(-1);
    expect((await fails('/save_weights_for_sampler', { model_id: 'sampled', name })).error.code).toBe(
      'checkpoint_exists',
    );
  });
});

describe('PEFT files', () => {
  const importTar = async (query: string, body: Uint8Array, type = 'application/x-tar') => {
    const response = await fetch(`${server.api.url}/adapters/import${query}`, {
      method: 'POST',
      headers: { 'Content-Type': type },
      body: new Uint8Array(body),
    });
    return { status: response.status, body: (await response.json()) as AdapterAnswer & ErrorAnswer };
  };
  let tar: Uint8Array;
  let unpacked: string;

  beforeAll(async () => {
    await train('exported', 3, { lora_config: { rank: 4, alpha: 12 } });
    const response = await fetch(`${server.api.url}/adapters/exported/export`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-tar');
    expect(response.headers.get('content-disposition')).toContain('exported.tar');
    tar = new Uint8Array(await response.arrayBuffer());
    unpacked = path.join(folder, 'unpacked');
    mkdirSync(unpacked);
    writeFileSync(path.join(folder, 'exported.tar'), tar);
    execFileSync('tar', ['-xf', path.join(folder, 'exported.tar'), '-C', unpacked]);
  });

  const packed = (source: string, ...options: string[]): Uint8Array =>
    new Uint8Array(execFileSync('tar', ['-c', ...options, '-C', source, '.'], { maxBuffer: 2 ** 26 }));

  it('go out as PEFT writes them, and leave nothing behind', async () => {
    const config = JSON.parse(readFileSync(path.join(unpacked, 'adapter_config.json'), 'utf8')) as object;
    expect(config).toMatchObject({
      peft_type: 'LORA',
      r: 4,
      lora_alpha: 12,
      target_modules: ['q_proj', 'v_proj'],
      base_model_name_or_path: 'tiny-chat',
    });
    const { body } = await server.api.get<{ checkpoints: object[] }>('/adapters/exported/checkpoints');
    expect(body.checkpoints).toEqual([]);
    const count = async () =>
      (await server.database.query(`SELECT 1 FROM checkpoints WHERE model_id = 'exported'`)).length;
    expect(await count()).toBe(0);
  });

  it.each([
    ['a tar', () => tar, 'application/x-tar'],
    ['a gzipped tar of a folder', () => packed(unpacked, '-z'), 'application/gzip'],
    ['bytes', () => tar, 'application/octet-stream'],
  ])('come in as %s', async (_what, bytes, type) => {
    const { status, body } = await importTar('', bytes(), type);
    expect(status).toBe(201);
    expect(body).toMatchObject({ rank: 4, alpha: 12, step: 0, base_model: 'tiny-chat' });
    expect(await look(body.model_id)).toEqual(await look('exported'));
    expect((await train(body.model_id, 1)).metrics['step']).toBe(1);
  });

  it('come in as a form', async () => {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(tar)]), 'adapter.tar');
    const response = await fetch(`${server.api.url}/adapters/import?model_id=from-form`, {
      method: 'POST',
      body: form,
    });
    expect(response.status).toBe(201);
    expect(await look('from-form')).toEqual(await look('exported'));
  });

  it('go to the base model that the request names', async () => {
    const { body } = await importTar('?model_id=moved&base_model=other-chat', tar);
    expect(body.base_model).toBe('other-chat');
    // Sampling from it under another base model would not be what the request says.
    const answer = await server.api.post('/generate', { model_id: 'moved', base_model: 'tiny-chat', prompt: 'Hello' });
    expect(answer).toMatchObject({ status: 409, body: { error: { details: { field: 'base_model' } } } });
  });

  function edited(name: string, change: (config: Record<string, unknown>) => void): Uint8Array {
    const copy = path.join(folder, name);
    cpSync(unpacked, copy, { recursive: true });
    const file = path.join(copy, 'adapter_config.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    change(config);
    writeFileSync(file, JSON.stringify(config));
    return packed(copy);
  }

  it.each([
    ['no archive', '', () => new Uint8Array([1, 2, 3]), 400, 'unsupported_adapter'],
    ['nothing', '', () => new Uint8Array(0), 400, 'unsupported_adapter'],
    ['another rank than stated', '', () => edited('rank', (config) => (config['r'] = 8)), 400, 'adapter_mismatch'],
    ['DoRA', '', () => edited('dora', (config) => (config['use_dora'] = true)), 400, 'unsupported_adapter'],
    [
      'an unknown base model',
      '',
      () => edited('base', (config) => (config['base_model_name_or_path'] = 'x/y')),
      400,
      'unsupported_adapter',
    ],
    ['an unknown base model in the query', '?base_model=x/y', () => tar, 400, 'invalid_request'],
    ['a trick in the name', '?model_id=..%2Fx', () => tar, 400, 'invalid_request'],
    ['a name that is taken', '?model_id=exported', () => tar, 409, 'conflict'],
    ['an unknown query field', '?modelid=x', () => tar, 400, 'invalid_request'],
  ])('are refused: %s', async (_what, query, bytes, status, code) => {
    const count = async () => (await server.api.get<{ adapters: object[] }>('/adapters')).body.adapters.length;
    const before = await count();
    const answer = await importTar(query, bytes());
    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatchObject({ code, category: 'user' });
    expect(answer.body.error.details?.remedy).toMatch(/\S{3,}/);
    expect(await count()).toBe(before);
  });

  it('are refused as JSON', async () => {
    const answer = await server.api.post<ErrorAnswer>('/adapters/import', {});
    expect(answer.status).toBe(400);
    expect(answer.body.error.details?.field).toBe('file');
  });
});
