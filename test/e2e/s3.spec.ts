import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { S3_PROGRAMS, S3Server } from '../support/servers/s3-server.js';
import { TestRedis } from '../support/servers/test-redis.js';
import { waitFor } from '../support/wait-for.js';
import { type AcceptedAnswer, type AdapterAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

const reasons = [
  ...(S3_PROGRAMS.rclone.path === undefined ? [S3_PROGRAMS.rclone.hint] : []),
  ...(TestRedis.program === undefined ? ['needs redis-server on the PATH'] : []),
];
const needs = reasons.length > 0 ? ` (skipped: ${reasons.join('; ')})` : '';

const data = [
  [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'The sea is wide today.' },
  ],
];

/** With every number that the steps tell, so that not one bit may differ. */
async function train({ api }: TestServer, model_id: string, steps: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (let i = 0; i < steps; i++) {
    seen.push((await api.forwardBackward({ model_id, data })).loss_fn_outputs);
    seen.push((await api.optimStep(model_id, 0.003)).metrics);
  }
  return seen;
}

const archiveRoute = (model: string, name: string) =>
  `/api/v1/training_runs/${model}/checkpoints/weights/${name}/archive`;

/** Follows the link as the SDK does. */
async function download({ api }: TestServer, model: string, name: string): Promise<{ url: string; files: object }> {
  const link = await fetch(api.url + archiveRoute(model, name), { redirect: 'manual' });
  expect([link.status, Date.parse(link.headers.get('expires') ?? '') > Date.now()]).toEqual([302, true]);
  const url = link.headers.get('location') ?? '';
  const response = await fetch(url);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-tar']);
  const files: Record<string, string> = {};
  const archive = extract();
  Readable.from(Buffer.from(await response.arrayBuffer())).pipe(archive);
  for await (const entry of archive) {
    const pieces: Buffer[] = [];
    for await (const piece of entry) pieces.push(piece as Buffer);
    files[entry.header.name] = Buffer.concat(pieces).toString('base64');
  }
  return { url, files };
}

describe.skipIf(reasons.length > 0)(`an api and two workers that share a bucket and no folder${needs}`, () => {
  let s3: S3Server;
  let redis: TestRedis;
  let local: TestServer;
  let api: TestServer;
  let first: TestServer;
  let second: TestServer;
  let folders: string[];

  beforeAll(async () => {
    folders = [0, 1, 2].map(() => mkdtempSync(path.join(tmpdir(), 'thinker-own-')));
    [s3, redis, local] = await Promise.all([
      S3Server.create(),
      TestRedis.create(),
      TestServer.start({ env: { SNAPSHOT_INTERVAL_S: '0' } }),
    ]);
    const shared = { REDIS_URL: redis.url, ...s3.env };
    const worker = (own: string) => ({
      ROLE: 'worker',
      DATA_DIR: own,
      SNAPSHOT_INTERVAL_S: '0',
      LOG_LEVEL: 'log',
      ...shared,
    });
    first = await TestServer.start({ env: worker(folders[0]!) });
    const env = { ROLE: 'api', DATA_DIR: folders[2]!, ENGINE: '', ENGINE_THREADS: '', ...shared };
    const others = [worker(folders[1]!), env].map((own) => TestServer.start({ joins: first, env: own }));
    [second, api] = (await Promise.all(others)) as [TestServer, TestServer];
  });

  afterAll(async () => {
    // The first one owns the database.
    await Promise.all([api, second, local].map((server) => server.stop()));
    await first.stop();
    await redis.remove();
    await s3.remove();
    for (const folder of folders) rmSync(folder, { recursive: true });
  });

  const holder = async (model: string): Promise<TestServer> => {
    const [row] = await api.database.query<{ pid: number }>(
      `SELECT w.pid FROM adapters a JOIN workers w ON w.id = a.worker_id WHERE a.model_id = '${model}'`,
    );
    return row?.pid === first.pid ? first : second;
  };

  it('train on after the worker is killed, with the bits of a local store', async () => {
    const expected = await train(local, 'mine', 6);
    const before = await train(api, 'mine', 3);
    const killed = await holder('mine');
    await killed.end('SIGKILL');
    const after = await train(api, 'mine', 3);
    expect([...before, ...after]).toEqual(expected);
    expect(await holder('mine')).not.toBe(killed);
    const { body } = await api.api.get<AdapterAnswer>('/adapters/mine');
    expect([body.step, body.diverged_at_step]).toEqual([6, null]);
  });

  it('give out archives by links of the store, with the bytes of a local store', async () => {
    for (const server of [local, api]) await server.api.run('/save_weights', { model_id: 'mine', name: 'kept' });
    const [ours, theirs] = [await download(api, 'mine', 'kept'), await download(local, 'mine', 'kept')];
    expect(ours.url.startsWith(`${s3.url}/thinker-test/some/prefix/checkpoints/`)).toBe(true);
    expect(ours.files).toEqual(theirs.files);
    const forged = ours.url.replace(/Signature=..../, 'Signature=0000');
    expect((await fetch(forged)).status).toBe(403);
  });

  it('keep uploaded files there, and nothing in their folders', async () => {
    const line = JSON.stringify({ messages: data[0] });
    const form = new FormData();
    form.set('purpose', 'fine-tune');
    form.set('file', new Blob([`${line}\n`.repeat(3)]), 'chats.jsonl');
    const response = await fetch(`${api.api.url}/v1/files`, { method: 'POST', body: form });
    const { id } = (await response.json()) as { id: string };
    expect(response.status).toBe(200);
    const content = await fetch(`${api.api.url}/v1/files/${id}/content`);
    expect(await content.text()).toBe(`${line}\n`.repeat(3));
    for (const folder of folders) {
      for (const name of ['checkpoints', 'files']) expect(existsSync(path.join(folder, name)), name).toBe(false);
    }
  });

  it('wait for a store that is down, and lose nothing', async () => {
    await s3.kill();
    const accepted: string[] = [];
    for (let step = 0; step < 2; step++) {
      const body = { model_id: 'mine', adam_params: { learning_rate: 0.003 } };
      accepted.push((await api.api.post<AcceptedAnswer>('/fwdbwd', { model_id: 'mine', data })).body.request_id);
      accepted.push((await api.api.post<AcceptedAnswer>('/optim_step', body)).body.request_id);
    }
    const save = await api.api.post<AcceptedAnswer>('/save_weights', { model_id: 'mine', name: 'later' });
    const worker = await holder('mine');
    await waitFor('a write that is put off', async () => /save_weights \S+ waits again .*s3:/.test(worker.log), {
      timeout: 60_000,
    });
    await s3.start();
    const answers = await Promise.all([...accepted, save.body.request_id].map((id) => api.api.retrieve(id)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await api.api.get<AdapterAnswer>('/adapters/mine')).body).toMatchObject({
      step: 8,
      diverged_at_step: null,
    });
  });
});
