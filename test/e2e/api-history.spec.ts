import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptedAnswer, type AdapterAnswer, type ErrorAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

interface StepAnswer {
  readonly digest: string;
  readonly request_id: string;
  readonly metrics: Readonly<Record<string, number>>;
}

interface RewindAnswer {
  readonly step: number;
  readonly digest: string;
  readonly has_gradients: boolean;
}

interface Entry {
  readonly request_id: string;
  readonly kind: string;
  readonly step: number | null;
  readonly current: boolean;
  readonly metrics: Readonly<Record<string, number>> | null;
  readonly digest: string | null;
  readonly finished_at: string;
}

interface History {
  readonly entries: Entry[];
  readonly next_cursor: number | null;
}

const talks = ['The sea is wide today.', 'It rains.', 'All is well.', 'Who knows?', 'Good night.'];
const dataOf = (i: number) => [
  [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: talks[i % talks.length]! },
  ],
];

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start({ env: { SNAPSHOT_INTERVAL_S: '3600', SNAPSHOT_STEPS: '2' } });
});

afterAll(() => server.stop());

/** Dropout, so that the position in the random stream counts, too. */
const create = (model_id: string) => server.api.post('/adapters', { model_id, lora_config: { rank: 4, dropout: 0.2 } });
const step = (model_id: string) =>
  server.api.run<StepAnswer>('/optim_step', { model_id, adam_params: { learning_rate: 0.01 } });

/** Steps from..to with data of their own; gives their digests. */
async function train(model_id: string, from: number, to: number): Promise<string[]> {
  const digests: string[] = [];
  for (let i = from; i <= to; i++) {
    await server.api.forwardBackward({ model_id, data: dataOf(i) });
    digests.push((await step(model_id)).digest);
  }
  return digests;
}

const rewind = (model_id: string, point: object) => server.api.run<RewindAnswer>(`/adapters/${model_id}/rewind`, point);
const history = async (model_id: string, query = '') =>
  (await server.api.get<History>(`/adapters/${model_id}/history${query}`)).body;
const refusal = async (model_id: string, what: 'rewind' | 'fork', point: object) => {
  const { status, body } = await server.api.post<ErrorAnswer>(`/adapters/${model_id}/${what}`, point);
  return { status, message: body.error.message, field: body.error.details?.field, remedy: body.error.details?.remedy };
};

/** Trains with snapshots that are as old as to be dropped, all but the newest, until the first one is. */
async function outliveFirstSnapshot(model_id: string): Promise<void> {
  const adapter = `adapter_id = (SELECT id FROM adapters WHERE model_id = '${model_id}')`;
  const first = async () => {
    const rows = await server.database.query(
      `SELECT min(position) AS position FROM adapter_snapshots WHERE ${adapter}`,
    );
    return String(rows[0]!['position']);
  };
  const trainOn = async () => {
    await server.database.query(`UPDATE adapter_snapshots SET created_at = now() - interval '1 year' WHERE ${adapter}`);
    await train(model_id, 4, 5);
    return first();
  };
  const before = await first();
  await expect.poll(trainOn, { timeout: 20_000 }).not.toBe(before);
}

describe('GET /adapters/{model_id}/history', () => {
  it('lists what changed the adapter, newest first, page by page', async () => {
    await create('listed');
    const digests = await train('listed', 1, 2);
    await server.api.run('/fwd', { model_id: 'listed', data: dataOf(1) });
    const { entries, next_cursor } = await history('listed');
    expect(next_cursor).toBeNull();
    expect(entries.map(({ kind, step: steps, current }) => [kind, steps, current])).toEqual([
      ['optim_step', 2, true],
      ['forward_backward', null, true],
      ['optim_step', 1, true],
      ['forward_backward', null, true],
      ['create_adapter', 0, true],
    ]);
    expect(entries.filter(({ kind }) => kind === 'optim_step').map(({ digest }) => digest)).toEqual(
      digests.toReversed(),
    );
    expect(entries[0]!.metrics).toMatchObject({ step: 2, learning_rate: 0.01 });
    expect(entries[1]!.metrics!['loss']).toBeGreaterThan(0);

    const first = await history('listed', '?limit=2');
    const second = await history('listed', `?limit=3&cursor=${first.next_cursor!}`);
    expect([...first.entries, ...second.entries]).toEqual(entries);
    expect((await server.api.get('/adapters/listed/history?limit=0')).status).toBe(400);
    expect((await server.api.get('/adapters/nobody/history')).status).toBe(404);
  });
});

describe('POST /adapters/{model_id}/rewind', () => {
  it('gives the earlier state back: the same data leads to the same digests again', async () => {
    await create('again');
    const digests = await train('again', 1, 5);
    for (const to of [3, 0, 4]) {
      const { step: at, digest, has_gradients } = await rewind('again', { step: to });
      expect({ at, has_gradients }).toEqual({ at: to, has_gradients: false });
      if (to > 0) expect(digest).toBe(digests[to - 1]);
      expect((await server.api.get<AdapterAnswer>('/adapters/again')).body.step).toBe(to);
      expect(await train('again', to + 1, 5)).toEqual(digests.slice(to));
    }
    const { entries } = await history('again');
    expect(entries.filter(({ current, kind }) => current && kind === 'optim_step')).toHaveLength(5);
  });

  it('goes to requests as well: to unapplied gradients, and to what was undone', async () => {
    await create('mine');
    await train('mine', 1, 1);
    const half = await server.api.post<AcceptedAnswer>('/fwdbwd', { model_id: 'mine', data: dataOf(2) });
    const second = await step('mine');
    const third = (await train('mine', 3, 3))[0];
    const { has_gradients } = await rewind('mine', { request_id: half.body.request_id });
    expect(has_gradients).toBe(true);
    expect((await step('mine')).digest).toBe(second.digest);
    expect(await train('mine', 3, 3)).toEqual([third]);
    await rewind('mine', { step: 1 });
    expect((await rewind('mine', { request_id: second.request_id })).digest).toBe(second.digest);
    expect(await train('mine', 3, 3)).toEqual([third]);
  });

  it('is ordered behind what was sent before, and before what is sent after', async () => {
    await create('line');
    const digests = await train('line', 1, 2);
    const send = async (path: string, body: object) =>
      (await server.api.post<AcceptedAnswer>(path, body)).body.request_id;
    const sent: string[] = [];
    for (const i of [3, 4]) {
      await send('/fwdbwd', { model_id: 'line', data: dataOf(i) });
      sent.push(await send('/optim_step', { model_id: 'line', adam_params: { learning_rate: 0.01 } }));
    }
    sent.push(await send('/adapters/line/rewind', { step: 1 }));
    await send('/fwdbwd', { model_id: 'line', data: dataOf(2) });
    sent.push(await send('/optim_step', { model_id: 'line', adam_params: { learning_rate: 0.01 } }));
    const answers = await Promise.all(sent.map((id) => server.api.retrieve<StepAnswer>(id)));
    const seen = answers.map(({ body }) => body.digest);
    expect(seen.slice(2)).toEqual(digests);
    expect(new Set(seen.slice(0, 2)).size).toBe(2);
  });

  it('finds the first request with a seq_id again, even when its step has been undone since', async () => {
    await create('repeated');
    await train('repeated', 1, 2);
    const send = (point: object) => server.api.post<AcceptedAnswer>('/adapters/repeated/rewind', point);
    const first = await send({ step: 2, seq_id: 100 });
    await rewind('repeated', { step: 1, seq_id: 101 });
    const again = await send({ step: 2, seq_id: 100 });
    expect(again).toMatchObject({ status: first.status, body: { request_id: first.body.request_id } });
    expect((await send({ step: 1, seq_id: 100 })).status).toBe(400);
    expect((await send({ step: 2, seq_id: 102 })).status).not.toBe(first.status);
  });

  it('says what is wrong with the point', async () => {
    await create('wrong');
    await train('wrong', 1, 2);
    expect(await refusal('wrong', 'rewind', {})).toMatchObject({ status: 400, field: 'step' });
    expect(await refusal('wrong', 'rewind', { step: 1, request_id: 'future_1' })).toMatchObject({ status: 400 });
    const unknown = await refusal('wrong', 'rewind', { step: 9 });
    expect(unknown.status).toBe(404);
    expect(unknown.remedy).toContain('0 to 2');
    expect(await refusal('wrong', 'rewind', { request_id: 'future_1' })).toMatchObject({ status: 404 });
    const look = await server.api.post<AcceptedAnswer>('/fwd', { model_id: 'wrong', data: dataOf(1) });
    await server.api.retrieve(look.body.request_id);
    const { request_id } = look.body;
    expect(await refusal('wrong', 'rewind', { request_id })).toMatchObject({ status: 404, field: 'request_id' });
    await server.api.run('/save_weights', { model_id: 'wrong', name: 'two' });
    await server.api.run('/load_weights', { model_id: 'wrong', name: 'two' });
    const ambiguous = await refusal('wrong', 'rewind', { step: 2 });
    expect(ambiguous.status).toBe(409);
    expect(ambiguous.remedy).toMatch(/future_\w+, future_\w+/);
    expect((await rewind('wrong', { step: 1 })).step).toBe(1);
    expect(await refusal('wrong', 'rewind', { step: -1 })).toMatchObject({ status: 400, field: 'step' });
  });

  it('goes to steps of an earlier version, which are numbered by their results alone, or says that they are not', async () => {
    await create('old');
    const [first] = await train('old', 1, 2);
    const [adapter] = await server.database.query<{ id: string }>(`SELECT id FROM adapters WHERE model_id = 'old'`);
    const steps = `adapter_id = '${adapter!.id}' AND kind = 'optim_step'`;
    await server.database.query(`UPDATE futures SET step = NULL, digest = NULL WHERE ${steps}`);
    const { body } = await server.api.get<History>('/adapters/old/history');
    expect(body.entries.filter(({ kind }) => kind === 'optim_step').map((entry) => entry.step)).toEqual([2, 1]);
    expect(await rewind('old', { step: 1 })).toMatchObject({ step: 1, digest: first });

    const oldest = `SELECT min(position) FROM futures WHERE ${steps}`;
    await server.database.query(`UPDATE futures SET result = '' WHERE ${steps} AND position = (${oldest})`);
    const refused = await refusal('old', 'rewind', { step: 1 });
    expect(refused).toMatchObject({ status: 404, field: 'step' });
    expect(refused.remedy).toContain('before the server was upgraded');
  });

  it('refuses a point whose load or fork cannot be repeated any more, though the log still reaches back', async () => {
    await create('loaded');
    await train('loaded', 1, 1);
    await server.api.run('/save_weights', { model_id: 'loaded', name: 'one' });
    const load = await server.api.run<{ request_id: string }>('/load_weights', { model_id: 'loaded', name: 'one' });
    await train('loaded', 2, 3);
    await outliveFirstSnapshot('loaded');
    for (const what of ['rewind', 'fork'] as const) {
      const { status, message } = await refusal('loaded', what, { request_id: load.request_id });
      expect(status, what).toBe(409);
      expect(message).toContain('can no longer be rebuilt');
    }
    expect((await rewind('loaded', { step: 0 })).step).toBe(0);

    const forked = await server.api.post<AcceptedAnswer>('/adapters/loaded/fork', { model_id: 'forked' });
    await server.api.retrieve(forked.body.request_id);
    await server.api.delete('/adapters/loaded');
    await train('forked', 1, 2);
    await outliveFirstSnapshot('forked');
    expect(await refusal('forked', 'rewind', { step: 0 })).toMatchObject({ status: 409 });
  });
});

describe('POST /adapters/{model_id}/fork', () => {
  const fork = async (source: string, body: object) => {
    const answer = await server.api.post<AdapterAnswer & AcceptedAnswer>(`/adapters/${source}/fork`, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    expect((await server.api.retrieve(answer.body.request_id)).status).toBe(200);
    return answer.body;
  };

  it('begins where the source was, goes on as the source did, and leaves it alone', async () => {
    await create('source');
    const digests = await train('source', 1, 4);
    const before = await history('source');
    const forked = await fork('source', { model_id: 'at-2', step: 2 });
    expect(forked).toMatchObject({ model_id: 'at-2', step: 2, source_model_id: 'source', has_gradients: false });
    expect(forked.lora_config).toMatchObject({ rank: 4, dropout: 0.2 });
    expect(await train('at-2', 3, 4)).toEqual(digests.slice(2));
    await fork('source', { model_id: 'now' });
    expect((await history('now')).entries[0]).toMatchObject({ kind: 'create_adapter', step: 4, digest: digests[3] });
    expect(await history('source')).toEqual(before);
    expect(await train('source', 5, 5)).toEqual(await train('now', 5, 5));
    // A fork of a fork, at the point where it began.
    await fork('at-2', { model_id: 'grandchild', step: 2 });
    expect(await train('grandchild', 3, 4)).toEqual(digests.slice(2));
  });

  it('outlives its source, and a crash', async () => {
    await create('parent');
    const digests = await train('parent', 1, 3);
    const answer = await server.api.post<AdapterAnswer>('/adapters/parent/fork', { model_id: 'orphan', step: 1 });
    expect(answer.status).toBe(201);
    const [parent] = await server.database.query(`SELECT id FROM adapters WHERE model_id = 'parent'`);
    const deleted = await server.api.delete<AcceptedAnswer>('/adapters/parent');
    expect(await train('orphan', 2, 2)).toEqual([digests[1]]);
    await server.api.retrieve(deleted.body.request_id);
    expect(server.hasFiles(`state/${String(parent!['id'])}`)).toBe(false);
    await server.end('SIGKILL');
    await server.launch();
    expect(await train('orphan', 3, 3)).toEqual([digests[2]]);
  });

  it('says when a name is taken or the newest state is not there yet', async () => {
    await create('busy');
    await train('busy', 1, 1);
    expect(await refusal('busy', 'fork', { model_id: 'busy', step: 1 })).toMatchObject({
      status: 409,
      field: 'model_id',
    });
    const long = new Array(8).fill([{ role: 'user', content: 'sea '.repeat(300) }, ...dataOf(1)[0]!]);
    const sent = await server.api.post<AcceptedAnswer>('/fwdbwd', { model_id: 'busy', data: long });
    expect(await refusal('busy', 'fork', {})).toMatchObject({ status: 409 });
    expect(await refusal('busy', 'rewind', { step: 2 })).toMatchObject({ status: 409 });
    const { request_id } = sent.body;
    expect(await refusal('busy', 'rewind', { request_id })).toMatchObject({ status: 409, field: 'request_id' });
    await server.api.retrieve(request_id);
  });
});
