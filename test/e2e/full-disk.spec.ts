import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SmallDisk } from '../support/servers/small-disk.js';
import { waitFor } from '../support/wait-for.js';
import { type AcceptedAnswer, type AdapterAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

const MEGABYTES = 40;
const TIMEOUT_MS = 240_000;

let folder: string;
let disk: SmallDisk;
let server: TestServer;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'thinker-disk-'));
  disk = SmallDisk.make(path.join(folder, 'data'), MEGABYTES);
});
afterEach(async () => {
  disk.makeRoom();
  try {
    await server.stop();
  } finally {
    disk.remove();
    rmSync(folder, { recursive: true });
  }
});

const data = [
  [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'The sea is wide today.' },
  ],
];
const send = async (route: string, body: object) => {
  const accepted = await server.api.post<AcceptedAnswer>(route, body);
  expect(accepted.status).toBe(200);
  return accepted.body.request_id;
};

const optimStep = (model_id: string) => ({ model_id, adam_params: { learning_rate: 0.01 } });

/** Four steps and two saves, and one more program for the engine to compile: what is accepted before the process dies. */
async function accept(model_id: string): Promise<{ training: string[]; saves: string[] }> {
  const training: string[] = [];
  const saves: string[] = [];
  for (let step = 0; step < 4; step++) {
    training.push(await send('/fwdbwd', { model_id, data }), await send('/optim_step', optimStep(model_id)));
    if (step % 2 === 1) saves.push(await send('/save_weights', { model_id, name: `step-${step}` }));
  }
  training.push(
    await send('/generate', { messages: [{ role: 'user', content: 'Hi' }], max_new_tokens: 3, async: true }),
  );
  return { training, saves };
}

async function train(model_id: string, steps: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    losses.push((await server.api.forwardBackward({ model_id, data })).loss);
    await server.api.optimStep(model_id);
  }
  return losses;
}

describe('a data folder on a full disk', () => {
  it('fails nothing that was accepted, over a kill and a start as well', { timeout: TIMEOUT_MS }, async () => {
    server = await TestServer.start({
      env: { DATA_DIR: disk.folder, SNAPSHOT_INTERVAL_S: '0', ...disk.env, LOG_LEVEL: 'log' },
    });
    await train('mine', 1);
    disk.fill();
    const { training, saves } = await accept('mine');
    await server.end('SIGKILL');
    await server.launch();
    disk.fill(); // what the killed process was writing is deleted at the start, and made room

    // What needs no room is done: the sample, and the steps before the first save.
    for (const id of [...training.slice(0, 4), training.at(-1)!]) {
      expect((await server.api.retrieve(id)).status).toBe(200);
    }
    await waitFor('a server that says that its disk is full', async () => {
      disk.fill(); // a write that has failed for want of room leaves some behind
      const { body } = await server.api.get<{ checks: { storage: { writable: boolean } } }>('/readyz');
      return !body.checks.storage.writable;
    });
    await waitFor('a save that has found no room', () => server.log.includes('waits again (no room)'));

    disk.makeRoom();
    for (const id of [...training, ...saves]) {
      expect(await server.api.retrieve(id)).toMatchObject({ status: 200, body: { status: 'completed' } });
    }
    expect((await server.api.get<AdapterAnswer>('/adapters/mine')).body.step).toBe(5);
    const undisturbed = await train('other', 6);
    const last = await server.api.forwardBackward({ model_id: 'mine', data });
    expect(last.loss).toBe(undisturbed[5]);
    // The last state snapshot may still be on its way.
    const temporary = path.join(disk.folder, 'checkpoints', '.tmp');
    await waitFor('no temporary folders', () => readdirSync(temporary).length === 0);
    expect(readdirSync(path.join(disk.folder, 'weights')).filter((name) => !/\.(f32|json|lock)$/.test(name))).toEqual(
      [],
    );
  });
});

describe('an upload to a full disk', () => {
  it('is refused, leaves nothing behind, and is taken once there is room', { timeout: TIMEOUT_MS }, async () => {
    server = await TestServer.start({ env: { DATA_DIR: disk.folder, ...disk.env } });
    const rows = Array.from({ length: 5000 }, (_, i) => JSON.stringify({ prompt: `What is ${i}?`, completion: 'So.' }));
    const upload = async () => {
      const form = new FormData();
      form.set('purpose', 'fine-tune');
      form.set('file', new Blob([rows.join('\n')]), 'rows.jsonl');
      const response = await fetch(`${server.api.url}/v1/files`, { method: 'POST', body: form });
      return { status: response.status, body: (await response.json()) as { id?: string; error?: { code: string } } };
    };
    const files = path.join(disk.folder, 'files');
    const folders = () => (existsSync(files) ? readdirSync(files) : []).filter((name) => name.startsWith('file-'));
    disk.fill();
    expect(await upload()).toMatchObject({ status: 507, body: { error: { code: 'storage_full' } } });
    expect(folders()).toEqual([]);
    disk.makeRoom();
    const { status, body } = await upload();
    expect(status).toBe(200);
    expect(folders()).toEqual([body.id]);
    expect((await server.api.get<{ data: { id: string }[] }>('/v1/files')).body.data.map(({ id }) => id)).toEqual([
      body.id,
    ]);
  });
});
