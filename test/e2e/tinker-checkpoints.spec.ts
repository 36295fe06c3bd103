import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TinkerClient } from '../support/service/tinker-client.js';
import { TestServer } from './support/server.js';

/** Checkpoints beyond one run, as the Tinker SDK asks for them: files by signed address, copies, the audit log. */
const KEYS = ['tml-first', 'tml-second'] as const;

let server: TestServer;
let client: TinkerClient;
let stranger: TinkerClient;
let models = 0;

beforeAll(async () => {
  server = await TestServer.start({ env: { API_KEYS: KEYS.join(',') } });
  [client, stranger] = [new TinkerClient(server.api.url, KEYS[0]), new TinkerClient(server.api.url, KEYS[1])];
  await client.begin();
  await stranger.begin();
});

afterAll(() => server.stop());

const newModel = async (): Promise<string> => (await client.createModel(models++))[0];

describe('external weights', () => {
  async function save(model_id: string): Promise<{ path: string; route: string }> {
    const saved = await client.settled('save_weights_external', { model_id, seq_id: 1, path: 'release' });
    const route = `training_runs/${model_id}/checkpoints/external_weights/release`;
    return { path: String(saved.body['path']), route };
  }

  async function urlsOf(route: string): Promise<{ urls: Readonly<Record<string, string>>; expires: string }> {
    const { body } = await client.get(`${route}/external_weights_urls`);
    return { urls: body['urls'] as Record<string, string>, expires: String(body['expires']) };
  }

  it('are saved under a path of their own and listed', async () => {
    const model_id = await newModel();
    const { path } = await save(model_id);
    expect(path).toBe(`tinker://${model_id}/external_weights/release`);
    const { body } = await client.get(`training_runs/${model_id}/checkpoints`);
    expect(body['checkpoints']).toMatchObject([
      { checkpoint_type: 'external', checkpoint_id: 'external_weights/release', tinker_path: path },
    ]);
    const again = await client.post('save_weights_external', { model_id, path: 'release' });
    expect(again).toMatchObject({ status: 400, body: { error: { code: 'checkpoint_exists' } } });
  });

  it("are PEFT's files, fetched one by one without a key", async () => {
    const { route } = await save(await newModel());
    const { urls, expires } = await urlsOf(route);
    expect(Object.keys(urls)).toEqual(['adapter_config.json', 'adapter_model.safetensors', 'checkpoint_complete']);
    expect(Date.parse(expires)).toBeGreaterThan(Date.now());
    const config = await fetch(urls['adapter_config.json']!);
    expect(await config.clone().json()).toMatchObject({ peft_type: 'LORA', r: 4 });
    expect(Number(config.headers.get('content-length'))).toBe((await config.arrayBuffer()).byteLength);
    expect((await fetch(`${urls['adapter_config.json']!}x`)).status).toBe(404);
    const asArchive = urls['adapter_config.json']!.replace('/files/', '/archives/');
    expect((await fetch(asArchive)).status).toBe(404);
  });

  it('are of nobody else until they are published, and gone with the checkpoint', async () => {
    const { route } = await save(await newModel());
    expect((await stranger.get(`${route}/external_weights_urls`)).status).toBe(404);
    await client.post(`${route}/publish`);
    expect((await stranger.get(`${route}/external_weights_urls`)).status).toBe(200);
    const { urls } = await urlsOf(route);
    expect((await client.send('DELETE', route)).status).toBe(204);
    expect((await fetch(urls['adapter_config.json']!)).status).toBe(404);
    expect((await client.get(`${route}/external_weights_urls`)).status).toBe(404);
  });

  it('go back into a model', async () => {
    const model_id = await newModel();
    const { path } = await save(model_id);
    const load = { session_id: client.sessionId, model_seq_id: models++, path };
    expect((await client.settled('load_weights', load)).body).toMatchObject({ path });
  });

  it('are encrypted to the recipients that are given, and are then no weights of a model', async () => {
    const model_id = await newModel();
    const identity = await generateX25519Identity();
    const age_encryption_recipients = [await identityToRecipient(identity)];
    await client.settled('save_weights_external', { model_id, seq_id: 1, path: 'secret', age_encryption_recipients });
    const { urls } = await urlsOf(`training_runs/${model_id}/checkpoints/external_weights/secret`);
    expect(Object.keys(urls)).toEqual([
      'adapter_config.json.age',
      'adapter_model.safetensors.age',
      'checkpoint_complete.age',
    ]);
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const encrypted = new Uint8Array(await (await fetch(urls['adapter_config.json.age']!)).arrayBuffer());
    expect(JSON.parse(await decrypter.decrypt(encrypted, 'text'))).toMatchObject({ peft_type: 'LORA', r: 4 });
    const path = `tinker://${model_id}/external_weights/secret`;
    const { body } = await client.settled('load_weights', { model_id, seq_id: 2, path });
    expect(body).toMatchObject({ error: expect.stringContaining('encrypted') as unknown, category: 'user' });
  });

  it('refuse keys that are none of age', async () => {
    const wish = { model_id: await newModel(), path: 'secret', age_encryption_recipients: ['ssh-ed25519 AAAA'] };
    const { status, body } = await client.post('save_weights_external', wish);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain('age_encryption_recipients must be an age public key');
  });

  it('are the only kind with addresses of files', async () => {
    const model_id = await newModel();
    await client.settled('save_weights', { model_id, seq_id: 1, path: 'state' });
    const route = `training_runs/${model_id}/checkpoints/weights/state/external_weights_urls`;
    expect((await client.get(route)).status).toBe(404);
  });
});

describe('copies', () => {
  const copy = (body: object, key?: string, by = client) =>
    by.send('POST', 'copy_weights', body, key === undefined ? {} : { 'X-Idempotency-Key': key });

  async function saved(): Promise<{ model_id: string; source_path: string }> {
    const model_id = await newModel();
    await client.settled('forward_backward', client.forward(model_id, 1));
    await client.settled('optim_step', { model_id, seq_id: 2, adam_params: { learning_rate: 0.01 } });
    const { body } = await client.settled('save_weights', { model_id, seq_id: 3, path: 'state' });
    return { model_id, source_path: String(body['path']) };
  }

  const listed = async (path: unknown) => {
    const run = String(path).slice('tinker://'.length).split('/')[0];
    const { body } = await client.get(`training_runs/${run}/checkpoints`);
    return body['checkpoints'] as Record<string, unknown>[];
  };

  it('go to a run of a new session in the given project, with a lifetime of their own', async () => {
    const { source_path } = await saved();
    const wish = { source_path, destination_project_id: 'archive', ttl_seconds: 3600 };
    const { status, body } = await copy(wish);
    expect(status).toBe(200);
    expect(body['tinker_path']).toMatch(/^tinker:\/\/session_\w+:train:0\/weights\/state$/);
    const [made, ...others] = await listed(body['tinker_path']);
    const [source] = await listed(source_path);
    expect(others).toEqual([]);
    expect(made).toMatchObject({ checkpoint_type: 'training', size_bytes: source!['size_bytes'], public: false });
    expect(Date.parse(String(made!['expires_at']))).toBeGreaterThan(Date.now());
    expect(source).toMatchObject({ expires_at: null });
    const usage = await client.get('billing/usage/checkpoints/current');
    expect(JSON.stringify(usage.body)).toContain('"archive"');
    const audit = JSON.stringify((await client.get('audit?event_type=checkpoints')).body);
    expect(audit).toContain(`"event":"checkpoint_copy","event_details":{"source_path":"${source_path}"}`);
  });

  it('are as good as their source, also after that is deleted', async () => {
    const { model_id, source_path } = await saved();
    const target = { session_id: client.sessionId, model_seq_id: models++ };
    const { body } = await copy({ source_path, ...target });
    expect(body['tinker_path']).toBe(`tinker://${client.sessionId}:train:${target.model_seq_id}/weights/state`);
    const loss = async (model: string, seq: number) => {
      const { body: result } = await client.settled('forward', client.forward(model, seq, [6, 7, 8], 'forward_input'));
      return result['metrics'];
    };
    const expected = await loss(model_id, 4);
    expect((await client.send('DELETE', `training_runs/${model_id}/checkpoints/weights/state`)).status).toBe(204);
    const made = { session_id: client.sessionId, model_seq_id: models++ };
    await client.settled('load_weights', { ...made, path: body['tinker_path'], optimizer: true });
    expect(await loss(`${client.sessionId}:train:${made.model_seq_id}`, 1)).toEqual(expected);
    // The run itself begins with the same weights.
    expect(await loss(`${client.sessionId}:train:${target.model_seq_id}`, 1)).toEqual(expected);
  });

  it('are made once for an idempotency key or a run, however often and at the same time they are asked for', async () => {
    const { model_id, source_path } = await saved();
    const wish = { source_path, destination_project_id: 'archive' };
    const answers = await Promise.all([1, 2, 3].map(() => copy(wish, 'key-1')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const paths = answers.map(({ body }) => body['tinker_path']);
    expect(new Set(paths)).toEqual(new Set([expect.stringMatching(/^tinker:/)]));
    expect(await listed(paths[0])).toHaveLength(1);
    expect((await copy(wish, 'key-2')).body['tinker_path']).not.toBe(paths[0]);
    expect((await copy(wish)).body['tinker_path']).not.toBe((await copy(wish)).body['tinker_path']);
    const inSession = { source_path, session_id: client.sessionId, model_seq_id: models++ };
    const first = await copy(inSession);
    expect(await copy(inSession)).toEqual(first);
    await client.send('DELETE', `training_runs/${model_id}/checkpoints/weights/state`);
    expect((await copy(wish, 'key-1')).body['tinker_path']).toBe(paths[0]);
  });

  it('do not go into a run that is something else', async () => {
    const { source_path } = await saved();
    const { source_path: other } = await saved();
    const target = { session_id: client.sessionId, model_seq_id: models++ };
    await copy({ source_path, ...target });
    const taken = { status: 400, body: { error: { code: 'conflict', details: { field: 'model_seq_id' } } } };
    expect(await copy({ source_path: other, ...target })).toMatchObject(taken);
    await newModel();
    const trained = { session_id: client.sessionId, model_seq_id: models - 1 };
    expect(await copy({ source_path, ...trained })).toMatchObject(taken);
  });

  it.each([
    [{}, 'session_id'],
    [{ session_id: 'SESSION' }, 'model_seq_id'],
    [{ destination_project_id: 'p', source_path: 'tinker://nowhere' }, 'source_path'],
    [{ destination_project_id: 'p', ttl_seconds: 0 }, 'ttl_seconds'],
  ])('are refused for %j', async (wish, field) => {
    const source_path = `tinker://${client.sessionId}:train:0/weights/state`;
    const session = 'session_id' in wish ? { session_id: client.sessionId } : {};
    const answer = await copy({ source_path, ...wish, ...session });
    expect(answer).toMatchObject({ status: 400, body: { error: { details: { field } } } });
  });
});

describe("another account's checkpoint", () => {
  const token = { weights_access_token: KEYS[0] };
  let source_path: string;

  beforeAll(async () => {
    const { body } = await client.settled('save_weights', { model_id: await newModel(), seq_id: 1, path: 'lent' });
    source_path = String(body['path']);
  });

  it('is copied with a key of that account', async () => {
    const wish = { source_path, destination_project_id: 'mine' };
    expect(await stranger.post('copy_weights', wish)).toMatchObject({ status: 404 });
    const header = { 'X-Tinker-Weights-Access-Token': KEYS[0] };
    const { status, body } = await stranger.send('POST', 'copy_weights', wish, header);
    expect(status).toBe(200);
    expect((await stranger.post('weights_info', { tinker_path: body['tinker_path'] })).status).toBe(200);
    expect((await client.post('weights_info', { tinker_path: body['tinker_path'] })).status).toBe(404);
    expect(await stranger.post('copy_weights', { ...wish, ...token })).toMatchObject({ status: 200 });
  });

  it('is loaded with a key of that account', async () => {
    const [model_id] = await stranger.createModel(0);
    const into = { model_id, seq_id: 1, path: source_path };
    expect(await stranger.post('load_weights', into)).toMatchObject({ status: 404 });
    expect((await stranger.settled('load_weights', { ...into, ...token })).body).toMatchObject({ path: source_path });
    const made = { session_id: stranger.sessionId, model_seq_id: 1, path: source_path };
    expect(await stranger.post('load_weights', made)).toMatchObject({ status: 404 });
    expect((await stranger.settled('load_weights', { ...made, ...token })).body).toMatchObject({ path: source_path });
  });

  it('is not read with a key that is unknown here', async () => {
    const unknown = { weights_access_token: 'tml-unknown' };
    const refused = { status: 403, body: { error: { code: 'unknown_weights_access_token' } } };
    const wish = { source_path, destination_project_id: 'mine' };
    expect(await stranger.post('copy_weights', { ...wish, ...unknown })).toMatchObject(refused);
    const made = { session_id: stranger.sessionId, model_seq_id: 2, path: source_path };
    expect(await stranger.post('load_weights', { ...made, ...unknown })).toMatchObject(refused);
  });
});

it('a model is not made from a checkpoint of another base model than it asks for', async () => {
  const model_id = await newModel();
  const { body } = await client.settled('save_weights', { model_id, seq_id: 1, path: 'state' });
  const wish = { session_id: client.sessionId, model_seq_id: models++, path: body['path'] };
  const { status } = await client.post('load_weights', { ...wish, base_model: 'another' });
  expect(status).toBe(400);
  expect((await client.settled('load_weights', { ...wish, base_model: 'tiny-chat' })).status).toBe(200);
});

it('a save tells how large its files are', async () => {
  const model_id = await newModel();
  for (const [seq_id, route] of [
    [1, 'save_weights'],
    [2, 'save_weights_for_sampler'],
    [3, 'save_weights_external'],
  ] as const) {
    const { body } = await client.settled(route, { model_id, seq_id, path: 'sized' });
    const { body: list } = await client.get(`training_runs/${model_id}/checkpoints`);
    const rows = list['checkpoints'] as Record<string, unknown>[];
    expect(rows[0], route).toMatchObject({ tinker_path: body['path'], size_bytes: body['size_bytes'] });
  }
});

describe('the audit log', () => {
  it('tells what was done with checkpoints, oldest first, and hides paths that nobody can use', async () => {
    const model_id = await newModel();
    const { body } = await client.settled('save_weights', { model_id, seq_id: 1, path: 'state' });
    await client.settled('save_weights_for_sampler', { model_id, seq_id: 2 });
    const route = `training_runs/${model_id}/checkpoints/weights/state`;
    await client.send('POST', `${route}/publish`);
    await client.send('DELETE', `${route}/publish`);
    await client.send('PUT', `${route}/ttl`, { ttl_seconds: 3600 });
    await client.send('DELETE', route);

    const entriesOf = async (by: TinkerClient, query: string) =>
      ((await by.get(`audit?${query}`)).body['entries'] as Record<string, unknown>[]).filter(
        (entry) => entry['model_id'] === model_id,
      );
    const tinker_path = body['path'];
    const log = [
      { event: 'checkpoint_save', tinker_path },
      { event: 'checkpoint_save', tinker_path: null },
      { event: 'checkpoint_publish', tinker_path },
      { event: 'checkpoint_unpublish', tinker_path },
      { event: 'checkpoint_set_ttl', tinker_path, event_details: { ttl_seconds: 3600 } },
      { event: 'checkpoint_delete', tinker_path },
    ];
    expect(await entriesOf(client, 'event_type=checkpoints')).toMatchObject(log);
    expect(await entriesOf(client, 'event_type=all')).toMatchObject([{ event: 'model_create' }, ...log]);
    expect(await entriesOf(client, 'event_type=all&day=2020-01-01')).toEqual([]);
    expect(await entriesOf(stranger, 'event_type=all')).toEqual([]);
  });
});
