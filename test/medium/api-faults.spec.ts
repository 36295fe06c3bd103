import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptedAnswer, type AdapterAnswer, ApiClient, type ErrorAnswer } from '../e2e/support/client.js';
import { type ApiApp, startApiApp } from '../support/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

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

describe('a full disk', () => {
  it('fails a save, names no checkpoint, and leaves the adapter as it was', async () => {
    await train('saving');
    const before = await stateOf('saving');
    for (const route of ['/save_weights', '/save_weights_for_sampler']) {
      const answer = await withFullDisk(() => settled(route, { model_id: 'saving', name: 'one' }));
      expect(answer).toMatchObject(FULL);
      expect(answer.body.error.details?.remedy).toMatch(/disk/);
    }
    expect((await api.get('/adapters/saving/checkpoints')).body).toEqual({ checkpoints: [] });
    expect(await stateOf('saving')).toEqual(before);
    // With room again the same name can be used.
    await api.run('/save_weights', { model_id: 'saving', name: 'one' });
  });

  it('keeps the checkpoint that was to be replaced', async () => {
    await train('replacing');
    await api.run('/save_weights', { model_id: 'replacing', name: 'one' });
    const before = await stateOf('replacing');
    await train('replacing');
    const body = { model_id: 'replacing', name: 'one', overwrite: true };
    expect(await withFullDisk(() => settled('/save_weights', body))).toMatchObject(FULL);
    await api.run('/load_weights', { model_id: 'replacing', name: 'one' });
    expect((await stateOf('replacing')).weights).toEqual(before.weights);
  });

  it('fails a load and leaves the adapter as it was', async () => {
    await train('loading');
    await api.run('/save_weights', { model_id: 'loading', name: 'one' });
    await train('loading');
    const before = await stateOf('loading');
    expect(await withFullDisk(() => settled('/load_weights', { model_id: 'loading', name: 'one' }))).toMatchObject(
      FULL,
    );
    // The next operation rebuilds it from the log.
    await api.run('/fwd', { model_id: 'loading', data: [datum()] });
    expect(await stateOf('loading')).toEqual(before);
    expect((await api.get<AdapterAnswer>('/adapters/loading')).body).toMatchObject({ step: 2, has_gradients: false });
  });

  it('fails an export and an import, and makes no adapter', async () => {
    await train('moving');
    const failed = await withFullDisk(() => api.get<ErrorAnswer>('/adapters/moving/export'));
    expect(failed).toMatchObject(FULL);
    const tar = await (await fetch(`${service.url}/adapters/moving/export`)).arrayBuffer();
    const response = await withFullDisk(() =>
      fetch(`${service.url}/adapters/import?model_id=moved`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-tar' },
        body: tar,
      }),
    );
    expect(response.status).toBe(507);
    expect((await api.get('/adapters/moved')).status).toBe(404);
  });

  it('does not stop training', async () => {
    await withFullDisk(async () => {
      await train('going-on');
      await train('going-on');
    });
    expect((await api.get<AdapterAnswer>('/adapters/going-on')).body.step).toBe(2);
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

  it('fail the step when the gradients are too large, which then are still there', async () => {
    await train('large');
    await api.forwardBackward({ model_id: 'large', data: [datum({ weights: [1e38, 0, 0] })] });
    const before = await stateOf('large');
    // The square of the gradient overflows in the second moment.
    const step = await settled('/optim_step', { model_id: 'large' });
    expect(step.status).toBe(422);
    expect(step.body.error).toMatchObject({ category: 'user' });
    expect(step.body.error.code).toMatch(/^non_finite_(gradient|update)$/);
    expect(await stateOf('large')).toEqual(before);
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
    const lose = () => service.backend.deleteAdapter(rows[0]!.id);
    await lose();
    await api.run('/fwd', { model_id: 'torn', data: [datum()] });
    expect(await stateOf('torn')).toEqual(before);

    await api.run('/save_weights', { model_id: 'torn', name: 'one', overwrite: true });
    await lose();
    const lost = await settled('/fwd', { model_id: 'torn', data: [datum()] });
    expect(lost.body.error).toMatchObject({ code: 'state_lost' });
    expect(lost.body.error.message).toContain('its checkpoint holds another state by now');
  });

  it('that loses an adapter is mended from the log', async () => {
    await train('lost');
    const before = await stateOf('lost');
    const [row] = await database.query<{ id: string }>(`SELECT id FROM adapters WHERE model_id = 'lost'`);
    await service.backend.deleteAdapter(row!.id);
    await api.run('/fwd', { model_id: 'lost', data: [datum()] });
    expect(await stateOf('lost')).toEqual(before);
  });
});
