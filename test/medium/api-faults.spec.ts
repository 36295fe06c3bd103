import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptedAnswer, type AdapterAnswer, ApiClient, type ErrorAnswer } from '../e2e/support/client.js';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { waitFor } from '../support/wait-for.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';

let database: TestDatabase;
let service: ApiApp;
let api: ApiClient;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startApiApp(database.url);
  api = new ApiClient(service.url);
});

afterAll(async () => {
  await service.close();
  await database.drop();
});

const tokens = [5, 6, 7];
const datum = (extra: Record<string, unknown> = {}) => ({
  model_input: { chunks: [{ type: 'encoded_text', tokens }] },
  loss_fn_inputs: { target_tokens: [6, 7, 8], ...extra },
});

async function train(model_id: string): Promise<void> {
  await api.forwardBackward({ model_id, data: [datum()] });
  await api.optimStep(model_id);
}

/** The state that the backend holds. */
async function stateOf(model_id: string) {
  const [row] = await database.query<{ id: string }>(
    `SELECT id FROM adapters WHERE model_id = $1 AND deleted_at IS NULL`,
    [model_id],
  );
  return service.backend.exportState(row!.id);
}

/** The engine loses the adapter; the next request rebuilds it from the log. */
async function forget(model_id: string): Promise<void> {
  const [row] = await database.query<{ id: string }>(`SELECT id FROM adapters WHERE model_id = $1`, [model_id]);
  service.backend.lose(row!.id);
}

interface HistoryAnswer {
  readonly entries: readonly {
    readonly kind: string;
    readonly error_code: string | null;
    readonly request_id: string;
  }[];
}

async function settled(route: string, body: object) {
  const accepted = await api.post<AcceptedAnswer>(route, body);
  expect(accepted.status).toBe(200);
  return api.retrieve<ErrorAnswer>(accepted.body.request_id);
}

async function withFullDisk<T>(work: () => Promise<T>): Promise<T> {
  service.disk.full = true;
  try {
    return await work();
  } finally {
    service.disk.full = false;
  }
}

const FULL = { status: 507, body: { error: { code: 'storage_full', category: 'server' } } };

/** Sends the request while the disk is full, sees it tried and still open, makes room, and returns its answer. */
async function waitsForRoom(route: string, body: object) {
  const requestId = await withFullDisk(async () => {
    const accepted = await api.post<AcceptedAnswer>(route, body);
    expect(accepted.status).toBe(200);
    const { request_id: id } = accepted.body;
    await waitFor('a second try', async () => (await attemptsOf(id)) > 1);
    const [row] = await database.query<{ status: string }>('SELECT status FROM futures WHERE request_id = $1', [id]);
    expect(['pending', 'running']).toContain(row!.status);
    return id;
  });
  return api.retrieve<ErrorAnswer>(requestId);
}

async function attemptsOf(requestId: string): Promise<number> {
  const [row] = await database.query<{ attempts: number }>('SELECT attempts FROM futures WHERE request_id = $1', [
    requestId,
  ]);
  return row!.attempts;
}

describe('a full disk', () => {
  it('holds a save back until there is room, and leaves the adapter as it was', async () => {
    await train('saving');
    const before = await stateOf('saving');
    for (const route of ['/save_weights', '/save_weights_for_sampler']) {
      const answer = await waitsForRoom(route, { model_id: 'saving', name: 'one' });
      expect(answer).toMatchObject({ status: 200, body: { status: 'completed' } });
    }
    expect(await stateOf('saving')).toEqual(before);
    expect((await api.get('/adapters/saving/checkpoints')).body).toMatchObject({ checkpoints: [{}, {}] });
  });

  it('keeps the checkpoint that is to be replaced until then', async () => {
    await train('replacing');
    await api.run('/save_weights', { model_id: 'replacing', name: 'one' });
    await train('replacing');
    const before = await stateOf('replacing');
    await waitsForRoom('/save_weights', { model_id: 'replacing', name: 'one', overwrite: true });
    await train('replacing');
    await api.run('/load_weights', { model_id: 'replacing', name: 'one' });
    expect((await stateOf('replacing')).weights).toEqual(before.weights);
  });

  it('holds a load back, and what is sent after it', async () => {
    await train('loading');
    await api.run('/save_weights', { model_id: 'loading', name: 'one' });
    const saved = await stateOf('loading');
    await train('loading');
    const answer = await waitsForRoom('/load_weights', { model_id: 'loading', name: 'one' });
    expect(answer.status).toBe(200);
    await api.run('/fwd', { model_id: 'loading', data: [datum()] });
    expect((await stateOf('loading')).weights).toEqual(saved.weights);
    expect((await api.get<AdapterAnswer>('/adapters/loading')).body).toMatchObject({ step: 1, has_gradients: false });
  });

  it('refuses an export and an import with Retry-After, and makes no adapter', async () => {
    await train('moving');
    const failed = await withFullDisk(() => fetch(`${service.url}/adapters/moving/export`));
    expect({ status: failed.status, body: await failed.json() }).toMatchObject(FULL);
    expect(Number(failed.headers.get('retry-after'))).toBeGreaterThan(0);
    const tar = await (await fetch(`${service.url}/adapters/moving/export`)).arrayBuffer();
    const response = await withFullDisk(() =>
      fetch(`${service.url}/adapters/import?model_id=moved`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-tar' },
        body: tar,
      }),
    );
    expect(response.status).toBe(507);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await api.get('/adapters/moved')).status).toBe(404);
  });

  it('does not stop training', async () => {
    await withFullDisk(async () => {
      await train('going-on');
      await train('going-on');
    });
    expect((await api.get<AdapterAnswer>('/adapters/going-on')).body.step).toBe(2);
  });

  it('is to be seen in /readyz, which stays ready', async () => {
    const storage = async () =>
      (await api.get<{ checks: { storage: { writable: boolean; message?: string } } }>('/readyz')).body.checks.storage;
    await withFullDisk(() =>
      waitFor('the full disk in /readyz', async () => {
        const { writable, message } = await storage();
        return !writable && message?.includes('no disk space left') === true;
      }),
    );
    await waitFor('the room in /readyz', async () => (await storage()).writable);
    expect((await api.get('/readyz')).body).toMatchObject({ status: 'ready' });
  });
});

describe('numbers that blow up', () => {
  it('fail the request and leave the adapter as it was', async () => {
    await train('finite');
    const before = await stateOf('finite');
    const infinite = { logprobs: [-1e6, 0, 0], advantages: [1, 1, 1] };
    const loss = await settled('/fwdbwd', {
      model_id: 'finite',
      data: [datum(infinite)],
      loss_fn: 'importance_sampling',
    });
    expect(loss).toMatchObject({ status: 422, body: { error: { code: 'non_finite_loss', category: 'user' } } });
    expect(await stateOf('finite')).toEqual(before);
  });

  it('fail the step when the gradients are too large, which are dropped, so that the next batch trains', async () => {
    for (const id of ['large', 'undisturbed']) await train(id);
    const { gradients, ...before } = await stateOf('large');
    expect(gradients).toBeNull();
    // The square of the gradient overflows in the second moment.
    const exploding = datum({ weights: [1e25, 0, 0] });
    for (let i = 0; i < 2; i++) await api.forwardBackward({ model_id: 'large', data: [exploding] });
    const step = await settled('/optim_step', { model_id: 'large', adam_params: { learning_rate: 1e-12 } });
    expect(step).toMatchObject({ status: 422, body: { error: { code: 'non_finite_update', category: 'user' } } });
    expect(step.body.error.details).toMatchObject({
      dropped_passes: 2,
      remedy: expect.stringContaining('grad_clip_norm') as string,
    });
    expect(step.body.error.message).toContain('gradients of 2 forward_backward calls were dropped');
    expect(await stateOf('large')).toEqual({ ...before, gradients: null, passes: before.passes + 2 });
    expect((await api.get<AdapterAnswer>('/adapters/large')).body).toMatchObject({ step: 1, has_gradients: false });

    for (const id of ['large', 'undisturbed']) await train(id);
    const after = await stateOf('large');
    expect(after.weights).toEqual((await stateOf('undisturbed')).weights);
    await forget('large');
    await api.run('/fwd', { model_id: 'large', data: [datum()] });
    expect(await stateOf('large')).toEqual(after);
    expect((await api.get<AdapterAnswer>('/adapters/large')).body.diverged_at_step).toBeNull();
  });

  it('show the refused step in the history, from which the adapter can be forked', async () => {
    await train('told');
    await api.forwardBackward({ model_id: 'told', data: [datum({ weights: [1e38, 0, 0] })] });
    expect((await settled('/optim_step', { model_id: 'told' })).status).toBe(422);
    const { entries } = (await api.get<HistoryAnswer>('/adapters/told/history')).body;
    expect(entries.map(({ kind, error_code }) => [kind, error_code])).toEqual([
      ['optim_step', 'non_finite_update'],
      ['forward_backward', null],
      ['optim_step', null],
      ['forward_backward', null],
      ['create_adapter', null],
    ]);
    const fork = { model_id: 'told-fork', request_id: entries[0]!.request_id };
    expect((await api.post('/adapters/told/fork', fork)).status).toBe(201);
    await train('told-fork');
    await train('told');
    expect((await stateOf('told-fork')).weights).toEqual((await stateOf('told')).weights);
  });

  it('keep the gradients where the settings of the step are at fault', async () => {
    await train('fast');
    await api.forwardBackward({ model_id: 'fast', data: [datum()] });
    const before = await stateOf('fast');
    const step = await settled('/optim_step', { model_id: 'fast', adam_params: { learning_rate: 1e39 } });
    expect(step.body.error).toMatchObject({ code: 'non_finite_update', details: { at_fault: 'adam_params' } });
    expect(await stateOf('fast')).toEqual(before);
    expect((await api.optimStep('fast')).metrics['step']).toBe(2);
  });
});

describe('a fault inside the backend', () => {
  it("is the server's, has an id, and leaves the others alone", async () => {
    await train('victim');
    const forwardBackward = service.backend.forwardBackward.bind(service.backend);
    service.backend.forwardBackward = async () => Promise.reject(new TypeError('planted'));
    const answer = await settled('/fwdbwd', { model_id: 'victim', data: [datum()] });
    service.backend.forwardBackward = forwardBackward;
    expect(answer).toMatchObject({ status: 500, body: { error: { code: 'internal_error', category: 'server' } } });
    expect(answer.body.error.message).not.toContain('planted');
    expect(JSON.stringify(answer.body.error.details)).toMatch(/"error_id":"error_/);
    await train('victim');
    expect((await api.get<AdapterAnswer>('/adapters/victim')).body.step).toBe(2);
  });

  it('with which the snapshot of a load is damaged is mended from the checkpoint, if that is the same', async () => {
    await train('torn');
    await api.run('/save_weights', { model_id: 'torn', name: 'one' });
    await api.run('/load_weights', { model_id: 'torn', name: 'one' });
    await train('torn');
    const before = await stateOf('torn');
    const rows = await database.query<{ id: string; path: string }>(
      `SELECT adapter_id AS id, path FROM adapter_snapshots
       WHERE adapter_id = (SELECT id FROM adapters WHERE model_id = 'torn')`,
    );
    expect(rows).toHaveLength(1);
    await rm(path.join(service.disk.folder, rows[0]!.path), { recursive: true });
    const lose = () => service.backend.lose(rows[0]!.id);
    lose();
    await api.run('/fwd', { model_id: 'torn', data: [datum()] });
    expect(await stateOf('torn')).toEqual(before);

    await api.run('/save_weights', { model_id: 'torn', name: 'one', overwrite: true });
    lose();
    const lost = await settled('/fwd', { model_id: 'torn', data: [datum()] });
    expect(lost.body.error).toMatchObject({ code: 'state_lost' });
    expect(lost.body.error.message).toContain('its checkpoint has been replaced since');
  });

  it('that loses an adapter is mended from the log', async () => {
    await train('lost');
    const before = await stateOf('lost');
    const [row] = await database.query<{ id: string }>(`SELECT id FROM adapters WHERE model_id = 'lost'`);
    service.backend.lose(row!.id);
    await api.run('/fwd', { model_id: 'lost', data: [datum()] });
    expect(await stateOf('lost')).toEqual(before);
  });
});
