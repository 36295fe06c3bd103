import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointExpiry } from '../../src/modules/checkpoints/worker/checkpoint-expiry.js';
import { SessionsService } from '../../src/modules/sessions/index.js';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { TinkerClient } from '../support/service/tinker-client.js';

/** How long the snapshots live that a sampling client without a name samples from. */
let database: TestDatabase;
let service: ApiApp;
let client: TinkerClient;
let sampler: string;
let seq = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startApiApp(database.url, { UNNAMED_SAMPLER_HOURS: '10' });
});

afterAll(async () => {
  await service.close();
  await database.drop();
});

beforeEach(async () => {
  client = new TinkerClient(service.url, undefined);
  await client.begin();
  const [model_id] = await client.createModel(0);
  await client.settled('save_weights_for_sampler', { model_id, seq_id: 1, path: 'named' });
  const save = { model_id, seq_id: 2, sampling_session_seq_id: 0 };
  sampler = String((await client.settled('save_weights_for_sampler', save)).body['sampling_session_id']);
});

/** Of the newest model's snapshot without a name. */
const hoursLeft = async () => {
  const rows = await database.query<{ hours: number }>(
    `SELECT extract(epoch FROM expires_at - now())::float / 3600 AS hours FROM checkpoints
     WHERE name LIKE '.%' AND model_id LIKE $1`,
    [`${client.sessionId}:%`],
  );
  return rows[0]?.hours;
};
const leave = (hours: number) =>
  database.query(
    `UPDATE checkpoints SET expires_at = now() + make_interval(mins => $2) WHERE name LIKE '.%' AND model_id LIKE $1`,
    [`${client.sessionId}:%`, hours * 60],
  );
const sample = () => client.settled('asample', client.sample(sampler, seq++));
const fallSilent = async () => {
  const { sessionId } = client;
  await database.query(`UPDATE sessions SET heartbeat_at = now() - interval '1 day' WHERE id = $1`, [sessionId]);
  expect(await service.app.get(SessionsService, { strict: false }).endSilent(3600)).toBe(1);
};
const beat = () => client.post('session_heartbeat', { session_id: client.sessionId });

describe('an unnamed snapshot', () => {
  it('lives for the hours of the setting, and sampling from it in the second half begins them anew', async () => {
    expect(await hoursLeft()).toBeCloseTo(10, 1);
    await leave(6);
    expect((await sample()).body['sequences']).toHaveLength(1);
    expect(await hoursLeft()).toBeCloseTo(6, 1);
    await leave(4);
    await sample();
    expect(await hoursLeft()).toBeCloseTo(10, 1);
  });

  it('is deleted after them, and then its client is told so', async () => {
    await leave(-1);
    await service.app.get(CheckpointExpiry, { strict: false }).sweep();
    expect(await hoursLeft()).toBeUndefined();
    expect((await sample()).body).toMatchObject({
      category: 'user',
      error: expect.stringContaining('Sampler checkpoint') as string,
    });
  });

  it('goes on living when its session falls silent, and so does the session at the next heartbeat', async () => {
    await fallSilent();
    expect(await hoursLeft()).toBeCloseTo(10, 1);
    const found = await client.post('sessions/search', { session_id: client.sessionId });
    expect(found.body['sessions']).toMatchObject([{ status: null }]);
    expect(await beat()).toMatchObject({ status: 200 });
    const again = await client.post('sessions/search', { session_id: client.sessionId });
    expect(again.body['sessions']).toMatchObject([{ status: { type: 'active' } }]);
  });

  it('expires an hour after its session was finished, also without a reason, and heartbeats do not change that', async () => {
    expect(await client.post(`sessions/${client.sessionId}/finish`, {})).toMatchObject({ status: 204 });
    expect(await hoursLeft()).toBeCloseTo(1, 1);
    expect(await beat()).toMatchObject({ status: 410, body: { error: { code: 'session_ended', category: 'user' } } });
    expect(await hoursLeft()).toBeCloseTo(1, 1);
  });

  it('expires all the same where the session had fallen silent before it was finished', async () => {
    await fallSilent();
    expect(await client.post(`sessions/${client.sessionId}/finish`, {})).toMatchObject({ status: 204 });
    expect(await hoursLeft()).toBeCloseTo(1, 1);
    expect(await beat()).toMatchObject({ status: 410 });
  });

  it('leaves those with a name alone', async () => {
    await client.post(`sessions/${client.sessionId}/finish`, {});
    const named = await database.query(`SELECT expires_at FROM checkpoints WHERE name = 'named' AND model_id LIKE $1`, [
      `${client.sessionId}:%`,
    ]);
    expect(named).toEqual([{ expires_at: null }]);
  });
});
