import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { TinkerClient } from '../support/service/tinker-client.js';

/** What one key has made does not exist for another, on every route that names it, of both APIs. */
const [OWNER, STRANGER, READER] = ['tml-owner', 'tml-stranger', 'tml-reader'];

let database: TestDatabase;
let service: ApiApp;
let owner: TinkerClient;
let stranger: TinkerClient;
/** What the owner has, by the words that stand for it in the table below. */
let own: Readonly<Record<'MODEL' | 'FUTURE' | 'SESSION' | 'SAMPLER' | 'ADAPTER', string>>;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startApiApp(database.url, { API_KEYS: [OWNER, STRANGER, READER].join() });
  [owner, stranger] = [new TinkerClient(service.url, OWNER), new TinkerClient(service.url, STRANGER)];
  await owner.begin();
  await stranger.begin();
  const [MODEL, FUTURE] = await owner.createModel(0);
  await owner.settled('save_weights', { model_id: MODEL, seq_id: 1, path: 'mine' });
  await owner.settled('save_weights_external', { model_id: MODEL, seq_id: 3, path: 'mine' });
  await owner.settled('save_weights_for_sampler', { model_id: MODEL, seq_id: 2, path: 'mine' });
  const sampler = await owner.post('create_sampling_session', owner.baseSampler(0));
  const made = await call(OWNER, 'POST', '/adapters', { model_id: 'private' });
  expect(made.status).toBe(201);
  const SAMPLER = String(sampler.body['sampling_session_id']);
  own = { MODEL, FUTURE, SESSION: owner.sessionId, SAMPLER, ADAPTER: 'private' };
});

afterAll(async () => {
  await service.close();
  await database.drop();
});

async function call(key: string, method: string, path: string, body?: unknown) {
  const answer = await fetch(service.url + path, {
    method,
    headers: { 'X-API-Key': key, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: 'manual',
  });
  return { status: answer.status, text: await answer.text() };
}

/** Replaces the words with the owner's names. */
function named<T>(value: T): T {
  const text = JSON.stringify(value ?? null).replace(/\b(MODEL|FUTURE|SESSION|SAMPLER|ADAPTER)\b/g, (word) => {
    return own[word as keyof typeof own];
  });
  return (value === undefined ? undefined : JSON.parse(text)) as T;
}

const PROMPT = { chunks: [{ type: 'encoded_text', tokens: [5] }] };
const MESSAGES = [{ role: 'user', content: 'Hi' }];
const DATUM = { model_input: PROMPT, loss_fn_inputs: { target_tokens: { data: [6] } } };
const INPUT = { data: [DATUM], loss_fn: 'cross_entropy' };
const CHECKPOINT = '/api/v1/training_runs/MODEL/checkpoints/weights/mine';

describe('of another key', () => {
  it.each<[string, string, unknown?]>([
    ['GET', '/futures/FUTURE'],
    ['POST', '/retrieve_future', { request_id: 'FUTURE', wait_ms: 0 }],
    ['GET', '/adapters/ADAPTER'],
    ['GET', '/adapters/MODEL'],
    ['GET', '/adapters/ADAPTER/export'],
    ['GET', '/adapters/MODEL/checkpoints'],
    ['DELETE', '/adapters/ADAPTER'],
    ['DELETE', '/adapters/MODEL/checkpoints/weights/mine'],
    ['GET', '/adapters/ADAPTER/history'],
    ['POST', '/adapters/ADAPTER/rewind', { step: 0 }],
    ['POST', '/adapters/ADAPTER/fork', { step: 0 }],
    ['POST', '/adapters/MODEL/fork', { request_id: 'FUTURE' }],
    ['POST', '/remove_lora', { model_id: 'ADAPTER' }],
    ['POST', '/get_info', { model_id: 'ADAPTER' }],
    ['POST', '/optim_step', { model_id: 'ADAPTER' }],
    ['POST', '/save_weights', { model_id: 'ADAPTER', name: 'a' }],
    ['POST', '/save_weights_for_sampler', { model_id: 'ADAPTER', name: 'a' }],
    ['POST', '/load_weights', { model_id: 'ADAPTER', name: 'mine' }],
    ['POST', '/generate', { model_id: 'ADAPTER', messages: MESSAGES }],
    ['POST', '/generate', { model_id: 'tinker://MODEL/sampler_weights/mine', messages: MESSAGES }],
    ['POST', '/api/v1/get_info', { model_id: 'ADAPTER' }],
    ['POST', '/api/v1/retrieve_future', { request_id: 'FUTURE' }],
    ['POST', '/api/v1/retrieve_futures', { target: { sampling_session_id: 'SAMPLER' } }],
    ['POST', '/api/v1/cancel_future', { request_id: 'FUTURE' }],
    ['POST', '/api/v1/forward', { model_id: 'MODEL', forward_input: INPUT }],
    ['POST', '/api/v1/forward_backward', { model_id: 'MODEL', forward_backward_input: INPUT }],
    ['POST', '/api/v1/optim_step', { model_id: 'MODEL' }],
    ['POST', '/api/v1/unload_model', { model_id: 'MODEL' }],
    ['POST', '/api/v1/save_weights', { model_id: 'MODEL', path: 'a' }],
    ['POST', '/api/v1/save_weights_for_sampler', { model_id: 'MODEL', path: 'a' }],
    ['POST', '/api/v1/save_weights_for_sampler', { model_id: 'MODEL', sampling_session_seq_id: 1 }],
    ['POST', '/api/v1/load_weights', { model_id: 'MODEL', path: 'tinker://MODEL/weights/mine' }],
    ['POST', '/api/v1/weights_info', { tinker_path: 'tinker://MODEL/weights/mine' }],
    [
      'POST',
      '/api/v1/copy_weights',
      { source_path: 'tinker://MODEL/weights/mine', destination_project_id: 'project-1' },
    ],
    [
      'POST',
      '/api/v1/copy_weights',
      { source_path: 'tinker://MODEL/weights/mine', session_id: 'SESSION', model_seq_id: 6 },
    ],
    ['POST', '/api/v1/create_model', { session_id: 'SESSION', model_seq_id: 5, base_model: 'tiny-chat' }],
    [
      'POST',
      '/api/v1/create_sampling_session',
      { session_id: 'SESSION', sampling_session_seq_id: 5, base_model: 'tiny-chat' },
    ],
    ['POST', '/api/v1/asample', { sampling_session_id: 'SAMPLER', seq_id: 0, prompt: PROMPT }],
    ['POST', '/api/v1/asample', { model_path: 'tinker://MODEL/sampler_weights/mine', prompt: PROMPT }],
    ['GET', '/api/v1/samplers/SAMPLER'],
    ['GET', '/api/v1/sessions/SESSION'],
    ['GET', '/api/v1/sessions/SESSION/trace_export'],
    ['PUT', '/api/v1/sessions/SESSION/project', { project_id: 'stolen' }],
    ['POST', '/api/v1/sessions/SESSION/finish', {}],
    ['POST', '/api/v1/session_heartbeat', { session_id: 'SESSION' }],
    ['GET', '/api/v1/training_runs/MODEL'],
    ['GET', '/api/v1/training_runs/ADAPTER'],
    ['GET', '/api/v1/training_runs/MODEL/checkpoints'],
    ['GET', `${CHECKPOINT}/archive`],
    ['POST', '/api/v1/save_weights_external', { model_id: 'MODEL', path: 'a' }],
    ['GET', '/api/v1/training_runs/MODEL/checkpoints/external_weights/mine/external_weights_urls'],
    ['PUT', `${CHECKPOINT}/ttl`, { ttl_seconds: 1 }],
    ['POST', `${CHECKPOINT}/publish`],
    ['DELETE', `${CHECKPOINT}/publish`],
    ['DELETE', CHECKPOINT],
  ])('%s %s %j is 404', async (method, path, body) => {
    const answer = await call(STRANGER, method, named(path), named(body));
    expect(answer.status, answer.text).toBe(404);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { category: 'user' } });
  });

  it('a checkpoint cannot be loaded into an own model', async () => {
    const [model_id] = await stranger.createModel(0);
    const path = named('tinker://MODEL/weights/mine');
    expect(await stranger.post('load_weights', { model_id, seq_id: 1, path })).toMatchObject({ status: 404 });
    const make = { session_id: stranger.sessionId, model_seq_id: 7, path };
    expect(await stranger.post('load_weights', make)).toMatchObject({ status: 404 });
  });

  it.each([
    '/futures',
    '/adapters',
    '/api/v1/training_runs',
    '/api/v1/checkpoints',
    '/api/v1/sessions',
    '/api/v1/audit',
    '/api/v1/billing/usage/checkpoints/current',
  ])('nothing is in %s', async (path) => {
    const { status, text } = await call(STRANGER, 'GET', path);
    expect(status).toBe(200);
    for (const name of Object.values(own)) expect(text).not.toContain(name);
    expect((await call(OWNER, 'GET', path)).text).not.toBe(text);
  });

  it('nothing is found by a search', async () => {
    for (const owner of [{ type: 'own' }, { type: 'accessible' }]) {
      const [found, missing] = await Promise.all(
        [OWNER, STRANGER].map((key) =>
          call(key, 'POST', '/api/v1/sessions/search', { session_id: own.SESSION, owner }),
        ),
      );
      expect(found!.text).toContain(own.SESSION);
      expect(JSON.parse(missing!.text)).toEqual({ sessions: [], next_cursor: null });
    }
  });

  it('a name is free: two keys may have models of the same name', async () => {
    expect((await call(STRANGER, 'POST', '/adapters', { model_id: 'private' })).status).toBe(201);
    expect((await call(STRANGER, 'DELETE', '/adapters/private')).status).toBe(200);
  });
});

describe('a public checkpoint', () => {
  const SHARED = '/api/v1/training_runs/handed/checkpoints/weights/shared';
  const publish = (key: string) => call(key, 'POST', `${SHARED}/publish`);
  const rankFor = async (key: string) => {
    const seen = await call(key, 'POST', '/api/v1/weights_info', { tinker_path: 'tinker://handed/weights/shared' });
    return (JSON.parse(seen.text) as { lora_rank?: number }).lora_rank;
  };
  const make = async (key: string, client: TinkerClient, rank: number) => {
    expect((await call(key, 'POST', '/adapters', { model_id: 'handed', lora_config: { rank } })).status).toBe(201);
    await client.settled('save_weights', { model_id: 'handed', path: 'shared' });
  };

  it("stays its owner's, whoever publishes under the same path, and whatever becomes of it", async () => {
    // The stranger's adapter is the older one, which must give it nothing.
    await make(STRANGER, stranger, 2);
    await make(OWNER, owner, 3);
    expect((await publish(OWNER)).status).toBe(204);
    const refused = await publish(STRANGER);
    expect(refused).toMatchObject({ status: 403, text: expect.stringContaining('path_taken') as string });
    expect([await rankFor(OWNER), await rankFor(STRANGER), await rankFor(READER)]).toEqual([3, 2, 3]);

    expect((await call(OWNER, 'DELETE', `${SHARED}/publish`)).status).toBe(204);
    expect((await publish(STRANGER)).status).toBe(403);
    expect(await rankFor(READER)).toBeUndefined();
    expect((await publish(OWNER)).status).toBe(204);
    expect((await call(OWNER, 'DELETE', SHARED)).status).toBe(204);
    expect((await publish(STRANGER)).status).toBe(403);
    expect((await call(OWNER, 'DELETE', '/adapters/handed')).status).toBe(200);
    expect((await publish(STRANGER)).status).toBe(403);
    expect(await rankFor(READER)).toBeUndefined();

    await make(OWNER, owner, 4);
    expect((await publish(OWNER)).status).toBe(204);
    expect(await rankFor(READER)).toBe(4);
    for (const key of [OWNER, STRANGER]) expect((await call(key, 'DELETE', '/adapters/handed')).status).toBe(200);
  });

  it('can be fetched by a link as long as whoever asked for the link may read it', async () => {
    await make(OWNER, owner, 3);
    await publish(OWNER);
    const linkFor = async (key: string) => {
      const answer = await fetch(`${service.url}${SHARED}/archive`, {
        headers: { 'X-API-Key': key, 'X-Forwarded-Host': 'evil.example', Forwarded: 'host=evil.example' },
        redirect: 'manual',
      });
      return answer.headers.get('location') ?? '';
    };
    const [own, read] = [await linkFor(OWNER), await linkFor(READER)];
    const statuses = async () => [(await fetch(own)).status, (await fetch(read)).status];
    expect(own).toMatch(new RegExp(`^${service.url}/api/v1/archives/`));
    expect(await statuses()).toEqual([200, 200]);
    expect((await call(OWNER, 'DELETE', `${SHARED}/publish`)).status).toBe(204);
    expect(await statuses()).toEqual([200, 404]);
    expect((await call(OWNER, 'DELETE', SHARED)).status).toBe(204);
    expect(await statuses()).toEqual([404, 404]);
  });

  it.each<[string, (name: string) => [path: string, body: object]]>([
    ['made', (model_id) => ['/adapters', { model_id }]],
    ['made by training it', (model_id) => ['/fwdbwd', { model_id, data: 'Hi' }]],
    ['forked', (model_id) => ['/adapters/fork-source/fork', { model_id }]],
  ])("cannot be named by another's adapter that is %s as the run", async (_how, requestOf) => {
    await call(STRANGER, 'POST', '/adapters', { model_id: 'fork-source' });
    const [path, body] = requestOf(own.MODEL);
    const answer = await call(STRANGER, 'POST', path, body);
    expect(answer).toMatchObject({
      status: 400,
      text: expect.stringContaining('reserved for a Tinker session') as string,
    });
  });
});

it('and all of it is still there for its owner', async () => {
  for (const path of ['/adapters/private', `/adapters/${own.MODEL}`, named(CHECKPOINT + '/archive')]) {
    expect((await call(OWNER, 'GET', path)).status, path).toBeLessThan(400);
  }
  expect(await owner.post('session_heartbeat', { session_id: own.SESSION })).toMatchObject({ status: 200 });
  expect(await owner.get(`samplers/${own.SAMPLER}`)).toMatchObject({ status: 200 });
});
