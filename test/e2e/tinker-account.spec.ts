import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TinkerClient } from '../support/service/tinker-client.js';
import { waitFor } from '../support/wait-for.js';
import { TestServer } from './support/server.js';

/** What a key may ask about itself: who it is, its usage, its sessions and their traces, a search among them. */
const KEYS = ['tml-account-first', 'tml-account-second'] as const;

let server: TestServer;
let client: TinkerClient;
let stranger: TinkerClient;

beforeAll(async () => {
  server = await TestServer.start({ env: { API_KEYS: KEYS.join(',') } });
  [client, stranger] = [new TinkerClient(server.api.url, KEYS[0]), new TinkerClient(server.api.url, KEYS[1])];
  await client.begin({ user_metadata: { experiment: 'usage' }, project_id: 'project-1' });
  await stranger.begin();
});

afterAll(() => server.stop());

interface UsageEvent {
  readonly bucket_start: string;
  readonly bucket_end: string;
  readonly session_id: string | null;
  readonly model_id: string;
  readonly kind: string;
  readonly requests: number;
  readonly event_info: Readonly<Record<string, unknown>>;
}

const usage = async (who: TinkerClient, query = ''): Promise<UsageEvent[]> =>
  (await who.get(`billing/usage/events${query}`)).body['data'] as UsageEvent[];

/** The events of all hours together: a test may run across the end of one. */
function totals(events: readonly UsageEvent[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { model_id, kind, event_info } of events) {
    const key = `${model_id} ${kind} ${String(event_info['type'])}`;
    sums[key] = (sums[key] ?? 0) + Number(event_info['token_count'] ?? event_info['count']);
  }
  return sums;
}

describe('a key', () => {
  const ME = 'auth/apikey/me';
  const MADE = 'tml-account-made';

  it("of the server's settings is told who it is, and cannot be revoked by a request", async () => {
    const { status, body } = await client.get(ME);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: 'configured',
      created_at: null,
      id: expect.stringMatching(/^key_[0-9a-f]{16}$/) as string,
      details: { org_details: { name: 'Self-hosted' }, user_details: { email: body['id'] } },
    });
    expect(Number.isSafeInteger(body['key_id'])).toBe(true);
    expect((await stranger.get(ME)).body['key_id']).not.toBe(body['key_id']);
    expect(await client.send('DELETE', ME)).toMatchObject({
      status: 403,
      body: { error: { code: 'key_not_revocable', category: 'user' } },
    });
    expect((await client.get(ME)).status).toBe(200);
  });

  it('that was made has its name and date, and is refused as soon as it has revoked itself', async () => {
    const hash = createHash('sha256').update(MADE).digest('hex');
    const id = `key_${hash.slice(0, 16)}`;
    const rows = await server.database.query<{ created_at: Date }>(
      'INSERT INTO api_keys (id, name, hash) VALUES ($1, $2, $3) RETURNING created_at',
      [id, 'alice', hash],
    );
    const made = new TinkerClient(server.api.url, MADE);
    await waitFor('that the key counts', async () => (await made.get(ME)).status === 200);
    expect((await made.get(ME)).body).toMatchObject({
      id,
      name: 'alice',
      created_at: rows[0]!.created_at.toISOString(),
    });
    await made.begin();
    const [model_id] = await made.createModel(0);
    await made.settled('save_weights_external', { model_id, seq_id: 1, path: 'release' });
    const runs = `training_runs/${model_id}/checkpoints/external_weights/release`;
    const archive = await fetch(`${server.api.url}/api/v1/${runs}/archive`, {
      headers: { 'X-API-Key': MADE },
      redirect: 'manual',
    });
    const { urls } = (await made.get(`${runs}/external_weights_urls`)).body as { urls: Record<string, string> };
    const trace = await made.get(`sessions/${made.sessionId}/trace_export`);
    const links = [archive.headers.get('location') ?? '', ...Object.values(urls), String(trace.body['url'])];
    const statuses = () => Promise.all(links.map(async (link) => (await fetch(link)).status));
    expect(await statuses()).toEqual(links.map(() => 200));
    expect(await made.send('DELETE', ME)).toEqual({ status: 204, body: {} });
    expect(await statuses()).toEqual(links.map(() => 404));
    expect(await made.get(ME)).toMatchObject({ status: 401, body: { error: { code: 'unauthorized' } } });
    const [{ revoked_at }] = (await server.database.query(`SELECT revoked_at FROM api_keys WHERE id = '${id}'`)) as [
      { revoked_at: Date | null },
    ];
    expect(revoked_at).not.toBeNull();
    expect((await client.get(ME)).status).toBe(200);
  });
});

describe('usage', () => {
  it('counts tokens and checkpoints, by model and kind of request', async () => {
    const [model_id] = await client.createModel(0);
    await client.settled('forward_backward', client.forward(model_id, 1));
    await client.settled('forward_backward', client.forward(model_id, 2));
    await client.settled('optim_step', { model_id, seq_id: 3 });
    await client.settled('forward', client.forward(model_id, 4, undefined, 'forward_input'));
    await client.settled('save_weights', { model_id, seq_id: 5, path: 'one' });
    // Fails, and so uses nothing.
    await client.settled('optim_step', { model_id, seq_id: 6 });
    const created = await client.post('create_sampling_session', client.baseSampler(0));
    const sampler = String(created.body['sampling_session_id']);
    const { body } = await client.settled('asample', { ...client.sample(sampler, 0), num_samples: 2 });
    const sequences = body['sequences'] as { tokens: number[] }[];

    const events = await usage(client);
    expect(totals(events)).toEqual({
      [`${model_id} forward_backward training`]: 6,
      [`${model_id} forward training`]: 3,
      [`${model_id} save_weights checkpoint`]: 1,
      [`${sampler} generate sampling_prefill`]: 3,
      [`${sampler} generate sampling_sample`]: sequences[0]!.tokens.length + sequences[1]!.tokens.length,
    });
    for (const event of events) {
      expect(event).toMatchObject({ session_id: client.sessionId, base_model: 'tiny-chat', project_id: 'project-1' });
      expect(new Date(event.bucket_start).getTime() % 3_600_000).toBe(0);
      expect(Date.parse(event.bucket_end) - Date.parse(event.bucket_start)).toBe(3_600_000);
    }
    const { body: answer } = await client.get('billing/usage/events');
    expect(answer['sessions']).toEqual({ [client.sessionId]: { user_metadata: { experiment: 'usage' } } });
  });

  it('counts requests of other clients, without a session', async () => {
    await client.send('POST', '../../generate', { tokens: [5, 6], max_new_tokens: 2, model_id: 'base' });
    const events = (await usage(client)).filter(({ session_id }) => session_id === null);
    expect(totals(events)).toMatchObject({ 'base generate sampling_prefill': 2 });
  });

  it('is the own one only', async () => {
    expect(await usage(stranger)).toEqual([]);
    expect((await stranger.get('billing/usage/checkpoints/current')).body).toEqual({ data: [] });
  });

  it('is that of the window asked for', async () => {
    const past = '?starting_on=2026-01-01T00:00:00Z&ending_before=2026-01-15T00:00:00Z';
    expect(await usage(client, past)).toEqual([]);
    const windows = {
      starting_on: '?starting_on=yesterday',
      ending_before: '?starting_on=2026-01-02T00:00:00Z&ending_before=2026-01-01T00:00:00Z',
      'more than 14 days': '?starting_on=2026-01-01T00:00:00Z&ending_before=2026-01-16T00:00:00Z',
    };
    for (const [problem, query] of Object.entries(windows)) {
      const { status, body } = await client.get(`billing/usage/events${query}`);
      expect(status, query).toBe(400);
      expect(JSON.stringify(body)).toContain(problem);
    }
  });

  it('tells what checkpoints take, by project', async () => {
    const { body: page } = await client.get('checkpoints');
    const [{ size_bytes }] = page['checkpoints'] as [{ size_bytes: number }];
    const item = { project_id: 'project-1', checkpoint_count: 1, size_bytes, size_gigabytes: size_bytes / 1e9 };
    const { body } = await client.get('billing/usage/checkpoints/current');
    expect(body).toEqual({ data: [expect.objectContaining(item)] });
    const other = await client.get('billing/usage/checkpoints/current?project_id=project-2');
    expect(other.body).toEqual({ data: [] });
  });
});

describe("a session's trace", () => {
  it('shows when its requests waited and ran, to whoever has the link', async () => {
    const own = new TinkerClient(server.api.url, KEYS[0]);
    await own.begin();
    const [model_id] = await own.createModel(0);
    const accepted = await own.post('forward_backward', own.forward(model_id, 1));
    const { request_id } = accepted.body;
    await own.post('retrieve_future', { request_id });

    const { body } = await own.get(`sessions/${own.sessionId}/trace_export`);
    expect(body['status']).toBe('ready');
    const answer = await fetch(String(body['url']));
    const { traceEvents } = (await answer.json()) as { traceEvents: Record<string, unknown>[] };
    const names = traceEvents.filter(({ ph }) => ph === 'M').map(({ args }) => (args as { name: string }).name);
    expect(names).toEqual([model_id]);
    const spans = traceEvents.filter(({ id }) => id === request_id);
    expect(spans.map(({ name, ph }) => [name, ph])).toEqual([
      ['forward_backward (waiting)', 'b'],
      ['forward_backward (waiting)', 'e'],
      ['forward_backward', 'b'],
      ['forward_backward', 'e'],
    ]);
    const times = spans.map(({ ts }) => Number(ts));
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
    expect(spans[0]!['args']).toMatchObject({ status: 'completed', seq_id: 1 });

    expect((await stranger.get(`sessions/${own.sessionId}/trace_export`)).status).toBe(404);
    expect((await fetch(`${String(body['url'])}x`)).status).toBe(404);
  });
});

describe('a search for sessions', () => {
  interface Page {
    readonly sessions: readonly { readonly session_id: string; readonly [field: string]: unknown }[];
    readonly next_cursor: object | null;
  }
  const ids: Record<'first' | 'second' | 'third', string> = { first: '', second: '', third: '' };
  const known = { tags: [], sdk_version: 'test' };

  beforeAll(async () => {
    const sessions = {
      first: { display_name: 'Nightly run 100%', user_metadata: { lr: 0.5, note: 'a' }, project_id: 'search-1' },
      second: { display_name: 'nightly other', user_metadata: { lr: '0.5', note: 'b' }, project_id: 'search-2' },
      third: { project_id: 'search-2' },
    };
    for (const [name, session] of Object.entries(sessions)) {
      const { body } = await client.post('create_session', { ...known, ...session });
      ids[name as keyof typeof ids] = String(body['session_id']);
    }
    const why = { reason: { type: 'errored' }, detail: 'out of patience' };
    expect((await client.post(`sessions/${ids.second}/finish`, why)).status).toBe(204);
    // The first reason stays.
    const again = { reason: { type: 'success' }, detail: null };
    expect((await client.post(`sessions/${ids.second}/finish`, again)).status).toBe(204);
    expect((await client.post(`sessions/${ids.third}/finish`)).status).toBe(204);
  });

  const search = async (filter: object, who = client): Promise<Page> => {
    const { status, body } = await who.post('sessions/search', filter);
    expect(status, JSON.stringify(body)).toBe(200);
    const { sessions, next_cursor } = body;
    return { sessions: sessions as Page['sessions'], next_cursor: next_cursor as Page['next_cursor'] };
  };
  const found = async (filter: object) => (await search(filter)).sessions.map(({ session_id }) => session_id);
  const projects = { project_ids: ['search-1', 'search-2'] };

  it('tells of each what it is and how it ended', async () => {
    const { sessions, next_cursor } = await search(projects);
    expect(next_cursor).toBeNull();
    const { body: me } = await client.get('auth/apikey/me');
    const common = { owner: me['id'], checkpoints_count: 0, checkpoint_storage_bytes: 0 };
    const [third, second, first] = sessions;
    expect(third).toMatchObject({ ...common, session_id: ids.third, status: null, display_name: null });
    expect(second).toMatchObject({
      ...common,
      session_id: ids.second,
      project_id: 'search-2',
      user_metadata: { lr: '0.5', note: 'b' },
      status: { type: 'client_finished', reason: { type: 'errored' }, detail: 'out of patience' },
    });
    expect(first).toMatchObject({ ...common, session_id: ids.first, status: { type: 'active' } });
    const { body } = await client.get(`sessions/${ids.first}`);
    expect(body['display_name']).toBe('Nightly run 100%');
  });

  it('counts checkpoints', async () => {
    const { sessions } = await search({ session_id: client.sessionId });
    expect(sessions).toMatchObject([{ session_id: client.sessionId, checkpoints_count: 1 }]);
    expect(sessions[0]!['checkpoint_storage_bytes']).toBeGreaterThan(0);
  });

  it.each<[string, object, (keyof typeof ids)[]]>([
    ['all words of a name, in any case', { display_name: 'RUN night' }, ['first']],
    ['a name with a sign of patterns', { display_name: '0%' }, ['first']],
    ['no pattern', { display_name: 'n%y' }, []],
    ['a name', { display_name: 'nightly' }, ['second', 'first']],
    ['metadata as text', { user_metadata: { lr: '0.5' } }, ['second', 'first']],
    ['all metadata', { user_metadata: { lr: '0.5', note: 'a' } }, ['first']],
    ['a project', { project_ids: ['search-2'] }, ['third', 'second']],
    ['what is active', { statuses: [{ type: 'active' }] }, ['first']],
    ['a reason', { statuses: [{ type: 'client_finished', reasons: ['errored'] }] }, ['second']],
    ['another reason', { statuses: [{ type: 'client_finished', reasons: ['success'] }] }, []],
    ['any of two states', { statuses: [{ type: 'active' }, { type: 'client_finished' }] }, ['second', 'first']],
    ['no state of this server', { statuses: [{ type: 'cancelled' }, { type: 'failed' }] }, []],
    ['whom nobody is', { owner: { type: 'user', owner_urns: ['tml:user:somebody'] } }, []],
  ])('finds %s: %j', async (_, filter, names) => {
    expect(await found({ ...projects, ...filter })).toEqual(names.map((name) => ids[name]));
  });

  it('finds what has the id or the name', async () => {
    const either = { ...projects, session_id: ids.third, display_name: 'run' };
    expect(await found(either)).toEqual([ids.third, ids.first]);
  });

  it('goes on from page to page, and meets each session once', async () => {
    const met: string[] = [];
    let cursor: object | null = null;
    do {
      const page: Page = await search({ ...projects, limit: 1, cursor });
      met.push(...page.sessions.map(({ session_id }) => session_id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(met).toEqual([ids.third, ids.second, ids.first]);
  });

  it('that makes no sense is refused', async () => {
    for (const [field, filter] of Object.entries({
      limit: { limit: 201 },
      'user_metadata.lr': { user_metadata: { lr: 0.5 } },
      'cursor.last_created_at': { cursor: { last_created_at: '2026-W01', last_session_id: 'a' } },
      display_name: { display_name: '\0' },
      statuses: { statuses: [{ type: 'asleep' }] },
    })) {
      const { status, body } = await client.post('sessions/search', filter);
      expect(status, field).toBe(400);
      expect(JSON.stringify(body)).toContain(field);
    }
  });
});
