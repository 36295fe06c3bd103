import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { type AcceptedAnswer, ApiClient, type ErrorAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

/** What operators see of everybody, and hand over. */
let server: TestServer;
let alice: ApiClient;
let bob: ApiClient;
let operator: ApiClient;

beforeAll(async () => {
  server = await TestServer.start({ env: { API_KEYS: 'tml-alice,tml-bob', ADMIN_KEYS: 'tml-operator' } });
  [alice, bob, operator] = ['tml-alice', 'tml-bob', 'tml-operator'].map(
    (key) => new ApiClient(server.api.url, key),
  ) as [ApiClient, ApiClient, ApiClient];
  await alice.post('/adapters', { model_id: 'one' });
  await alice.post('/adapters', { model_id: 'two' });
  await bob.post('/adapters', { model_id: 'three' });
});

afterAll(() => server.stop());

interface Owners {
  readonly owners: readonly {
    readonly owner: string;
    readonly name: string | null;
    readonly adapters: number;
    readonly stored_bytes: number;
    readonly trained_tokens: number;
    readonly running_ms: number;
  }[];
}

interface Adapters {
  readonly adapters: readonly { readonly model_id: string; readonly adapter_id: string; readonly owner: string }[];
  readonly next_cursor: string | null;
}

async function owners() {
  const { body } = await operator.get<Owners>('/admin/owners');
  return body.owners;
}

describe('operators', () => {
  it('list the adapters of all keys, page by page, or of one', async () => {
    const first = await operator.get<Adapters>('/admin/adapters?limit=2');
    expect(first.body.adapters.map(({ model_id }) => model_id)).toEqual(['three', 'two']);
    const rest = await operator.get<Adapters>(`/admin/adapters?limit=2&cursor=${first.body.next_cursor}`);
    expect(rest.body).toMatchObject({ adapters: [{ model_id: 'one' }], next_cursor: null });
    const { owner } = first.body.adapters[0]!;
    const { body } = await operator.get<Adapters>(`/admin/adapters?owner=${owner}`);
    expect(body.adapters.map(({ model_id }) => model_id)).toEqual(['three']);
  });

  it('search the adapters of all keys, and see what each key used by day', async () => {
    const { body } = await operator.get<Adapters>('/admin/adapters?search=THR');
    expect(body.adapters).toMatchObject([
      { model_id: 'three', adapter_id: expect.stringMatching(/^adapter_/) as string },
    ]);
    const { owner } = body.adapters[0]!;
    const day = new Date().toISOString().slice(0, 10);
    const used = async () => (await operator.get<{ usage: object[] }>(`/admin/usage?owner=${owner}`)).body.usage;
    await waitFor('that the creation is counted', async () => (await used()).length > 0);
    expect(await used()).toMatchObject([{ owner, day, requests: 1, trained_tokens: 0 }]);
    expect((await operator.get('/admin/usage?from=2026-01-01&to=2026-03-01')).status).toBe(400);
  });

  it('hand one adapter to another key, with its checkpoints, and back', async () => {
    const { body } = await operator.get<Adapters>('/admin/adapters?search=three');
    const [{ adapter_id, owner } = { adapter_id: '', owner: '' }] = body.adapters;
    const [, to] = (await owners()).toSorted((a, b) => a.adapters - b.adapters);
    const saved = await bob.post<AcceptedAnswer>('/save_weights', { model_id: 'three', name: 'kept' });
    expect((await bob.post('/retrieve_future', { request_id: saved.body.request_id })).status).toBe(200);
    const handOver = (key: string) =>
      operator.post<ErrorAnswer>(`/admin/adapters/${adapter_id}/hand_over`, { to: key });
    expect(await handOver(to!.owner)).toMatchObject({
      status: 200,
      body: { adapter_id, model_id: 'three', from: owner, owner: to!.owner, checkpoints: 1 },
    });
    expect((await alice.get('/adapters/three')).status).toBe(200);
    expect((await bob.get('/adapters/three')).status).toBe(404);
    const loaded = await alice.post<AcceptedAnswer>('/load_weights', { model_id: 'three', name: 'kept' });
    expect((await alice.post('/retrieve_future', { request_id: loaded.body.request_id })).status).toBe(200);
    expect((await handOver(to!.owner)).status).toBe(400);
    await bob.post('/adapters', { model_id: 'three' });
    expect(await handOver(owner)).toMatchObject({
      status: 409,
      body: { error: { message: expect.stringContaining("'three'") as string } },
    });
    await bob.delete('/adapters/three');
    expect((await handOver(owner)).status).toBe(200);
    expect((await handOver('nobody')).status).toBe(404);
    expect((await operator.post('/admin/adapters/adapter_none/hand_over', { to: owner })).status).toBe(404);
  });

  it('see what each key stores and has used of late', async () => {
    const [most] = (await owners()).toSorted((a, b) => b.adapters - a.adapters);
    expect(most).toMatchObject({ prompt_tokens: 0, trained_tokens: 0, sampled_tokens: 0 });
    const said = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'The sea.' },
    ];
    await alice.forwardBackward({ model_id: 'one', data: [said] });
    await alice.run('/save_weights', { model_id: 'one', name: 'measured' });
    const { body } = await alice.get<{ checkpoints: { size_bytes: number }[] }>('/adapters/one/checkpoints');
    const after = (await owners()).find(({ owner }) => owner === most!.owner)!;
    expect(after.trained_tokens).toBeGreaterThan(0);
    expect(after.running_ms).toBeGreaterThan(most!.running_ms);
    expect(after.stored_bytes - most!.stored_bytes).toBeGreaterThanOrEqual(body.checkpoints[0]!.size_bytes);
    await alice.delete('/adapters/one/checkpoints/training/measured');
  });

  it('hand everything of one key to another, or nothing where names clash', async () => {
    const [from, to] = (await owners()).toSorted((a, b) => a.adapters - b.adapters);
    expect([from, to]).toMatchObject([
      { name: null, adapters: 1 },
      { name: null, adapters: 2 },
    ]);
    await bob.post('/adapters', { model_id: 'one' });
    const clash = await operator.post<ErrorAnswer>('/admin/hand_over', { from: from!.owner, to: to!.owner });
    expect(clash).toMatchObject({
      status: 409,
      body: { error: { message: expect.stringContaining("'one'") as string } },
    });
    await bob.delete('/adapters/one');
    const handed = await operator.post('/admin/hand_over', { from: from!.owner, to: to!.owner });
    expect(handed).toMatchObject({ status: 200, body: { owner: to!.owner, adapters: 1 } });
    expect((await alice.get<Adapters>('/adapters')).body.adapters).toHaveLength(3);
    expect((await bob.get<Adapters>('/adapters')).body.adapters).toHaveLength(0);
  });

  it.each([
    [{ from: 'nobody', to: 'nobody' }, 404],
    [{ from: '' }, 400],
  ])('are told what is wrong with %o', async (body, status) => {
    expect((await operator.post('/admin/hand_over', body)).status).toBe(status);
  });

  it('are the only ones', async () => {
    const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as { paths: Record<string, object> };
    const routes = Object.entries(paths)
      .filter(([path]) => path.startsWith('/admin/'))
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ method, path })));
    expect(routes.length).toBeGreaterThan(10);
    for (const headers of [{ 'X-API-Key': 'tml-alice' }, {}] as Record<string, string>[]) {
      for (const { method, path } of routes) {
        const url = server.api.url + path.replaceAll(/\{\w+\}/g, 'x');
        const answer = await fetch(url, { method: method.toUpperCase(), headers });
        const body = (await answer.json()) as ErrorAnswer;
        expect({ path, status: answer.status, code: body.error.code }).toEqual({
          path,
          status: 401,
          code: 'operators_only',
        });
      }
    }
  });
});

interface Operations {
  readonly operations: readonly { readonly request_id: string; readonly owner: string; readonly status: string }[];
  readonly next_cursor: number | null;
}

interface Worker {
  readonly id: string;
  readonly status: string;
  readonly running: number;
  readonly adapters: number;
}

async function operations(query: string) {
  return (await operator.get<Operations>(`/admin/operations?${query}`)).body;
}

async function future(client: ApiClient, accepted: { readonly body: AcceptedAnswer }) {
  const { request_id } = accepted.body;
  return client.post<{ status: string; queue_state?: string }>('/retrieve_future', { request_id, wait_ms: 300 });
}

describe('the operations of all keys', () => {
  it('are found by status, kind, owner, model and time, page by page', async () => {
    const before = new Date();
    await alice.post('/adapters', { model_id: 'listed' });
    const { request_id } = (await alice.post<AcceptedAnswer>('/optim_step', { model_id: 'listed' })).body;
    await alice.post('/retrieve_future', { request_id });
    const found = await operations(`model_id=listed&kind=optim_step`);
    expect(found).toMatchObject({ operations: [{ request_id, status: 'failed', priority: 0 }], next_cursor: null });
    const { owner } = found.operations[0]!;
    const { body: one } = await operator.get(`/admin/operations/${request_id}`);
    expect(one).toEqual(found.operations[0]);
    const since = `from=${before.toISOString()}`;
    expect((await operations(`${since}&status=failed&owner=${owner}`)).operations).toHaveLength(1);
    expect((await operations(`${since}&limit=1`)).operations).toMatchObject([{ request_id }]);
    const { next_cursor } = await operations(`${since}&limit=1`);
    expect((await operations(`${since}&cursor=${next_cursor}`)).operations).toMatchObject([{ kind: 'create_adapter' }]);
    const earlier = await operations(`to=${before.toISOString()}`);
    expect(earlier.operations.length).toBeGreaterThan(0);
    expect(JSON.stringify(earlier)).not.toContain('listed');
    expect((await operations(`${since}&owner=key_of_nobody`)).operations).toEqual([]);
  });
});

describe('the queue and its workers', () => {
  it('start nothing while the queue is paused, and say so', async () => {
    await alice.post('/adapters', { model_id: 'paused' });
    await waitFor('that nothing is left to do', async () => {
      const { pending, running } = (await operator.get<{ pending: number; running: number }>('/admin/queue')).body;
      return pending + running === 0;
    });
    const paused = await operator.post('/admin/queue/pause', { reason: 'new disks' });
    expect(paused).toMatchObject({ status: 200, body: { paused: true, reason: 'new disks' } });
    const accepted = await alice.post<AcceptedAnswer>('/optim_step', { model_id: 'paused' });
    expect((await future(alice, accepted)).body).toMatchObject({ status: 'pending', queue_state: 'paused' });
    const { body: ready } = await operator.get('/readyz');
    expect(JSON.stringify(ready)).toContain('new disks');
    expect((await operator.get('/admin/queue')).body).toMatchObject({
      paused: true,
      pending: 1,
      running: 0,
      kinds: [{ kind: 'optim_step', pending: 1, running: 0 }],
    });
    expect((await operator.post('/admin/queue/resume', {})).body).toMatchObject({ paused: false, reason: null });
    // It fails, for there are no gradients; but it runs.
    await waitFor('that it runs', async () => (await future(alice, accepted)).status === 400);
  });

  it('give their adapters back when they are drained, and work again when they are told to', async () => {
    await alice.post('/adapters', { model_id: 'drained' });
    const list = async () => (await operator.get<{ workers: Worker[] }>('/admin/workers')).body.workers;
    const [worker] = await list();
    expect(worker).toMatchObject({ status: 'working' });
    await operator.post(`/admin/workers/${worker!.id}/drain`, {});
    await waitFor('that the worker has nothing left', async () => (await list())[0]!.status === 'drained');
    expect(await list()).toMatchObject([{ id: worker!.id, adapters: 0, running: 0 }]);
    const accepted = await alice.post<AcceptedAnswer>('/optim_step', { model_id: 'drained' });
    expect((await future(alice, accepted)).body).toMatchObject({ status: 'pending', queue_state: 'no_worker' });
    await operator.post(`/admin/workers/${worker!.id}/resume`, {});
    await waitFor('that it runs', async () => (await future(alice, accepted)).status === 400);
    expect((await operator.post('/admin/workers/worker_none/drain', {})).status).toBe(404);
  });
});
