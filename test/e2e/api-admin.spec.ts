import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient, type ErrorAnswer } from './support/client.js';
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
  readonly owners: readonly { readonly owner: string; readonly name: string | null; readonly adapters: number }[];
}

interface Adapters {
  readonly adapters: readonly { readonly model_id: string; readonly owner: string }[];
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
    for (const client of [alice, new ApiClient(server.api.url)]) {
      for (const route of ['/admin/owners', '/admin/adapters']) {
        expect((await client.get<ErrorAnswer>(route)).body.error.code).toBe('operators_only');
      }
      const refused = await client.post<ErrorAnswer>('/admin/hand_over', { from: '', to: 'x' });
      expect(refused).toMatchObject({ status: 401, body: { error: { code: 'operators_only' } } });
    }
  });
});
