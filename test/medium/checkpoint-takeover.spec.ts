import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DataSource } from 'typeorm';
import { ulid } from 'ulid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FaultPoints } from '../../src/common/fault-points.js';
import { AppConfig } from '../../src/config/app-config.js';
import { dataSourceOptions } from '../../src/data-source.options.js';
import { type AdapterState, NO_GRADIENTS } from '../../src/domain/adapter/adapter-state.js';
import { type AdapterEntity } from '../../src/modules/adapters/index.js';
import { writeState } from '../../src/compute/host/state-files.js';
import { CheckpointWriter, type SaveableState } from '../../src/modules/checkpoints/worker/checkpoint-writer.js';
import { CheckpointEntity } from '../../src/modules/checkpoints/entities/checkpoint.entity.js';
import { CheckpointRepository } from '../../src/modules/checkpoints/repositories/checkpoint.repository.js';
import { LocalCheckpointStore } from '../../src/storage/local/local-checkpoint-store.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { insertAdapter } from '../support/service/test-platform.js';
import { Gate, waitFor } from '../support/wait-for.js';

const REQUEST = { name: 'latest', overwrite: true, ttlSeconds: null };

describe('a worker that comes back in the middle of a save', () => {
  let database: TestDatabase;
  let rows: DataSource;
  let root: string;
  let store: LocalCheckpointStore;
  let writer: CheckpointWriter;
  let adapter: AdapterEntity;

  beforeAll(async () => {
    database = await createTestDatabase();
    rows = await new DataSource(dataSourceOptions(AppConfig.fromEnv({ DATABASE_URL: database.url }))).initialize();
    await rows.runMigrations();
  });

  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'thinker-saves-'));
    store = new LocalCheckpointStore(root);
    await store.start();
    const checkpoints = new CheckpointRepository(rows.getRepository(CheckpointEntity));
    writer = new CheckpointWriter(store, checkpoints, new FaultPoints());
    adapter = await insertAdapter(rows);
  });

  afterEach(() => rm(root, { recursive: true }));

  afterAll(async () => {
    await rows.destroy();
    await database.drop();
  });

  const stateAt = (step: number): AdapterState => {
    const moments = { m: new Map(), v: new Map() };
    return { step, weights: new Map(), moments, ...NO_GRADIENTS, passes: step };
  };
  const setLease = (lease: number) =>
    database.query(`UPDATE adapters SET lease = $2 WHERE id = $1`, [adapter.id, lease]);
  /** Writes to the store, as the backend does. */
  const saveable = (read: () => Promise<AdapterState>): SaveableState => ({
    save: async (to, parts) => writeState(store, to, adapter, await read(), parts),
    read,
  });
  const save = (requestId: string, lease: number, readState: () => Promise<AdapterState>) =>
    writer.save('training', REQUEST, adapter, { requestId, lease }, saveable(readState));
  /** Under lease 1; `finish` lets it go on to its end, whatever has happened meanwhile. */
  const stopInSave = async (requestId: string) => {
    await setLease(1);
    const stopped = new Gate();
    let isThere = false;
    const ended = save(requestId, 1, async () => {
      isThere = true;
      await stopped.passed;
      return stateAt(1);
    }).then(
      () => 'written',
      (error: Error) => error.message,
    );
    await waitFor('it has begun', () => isThere);
    return {
      finish: (): Promise<string> => {
        stopped.open();
        return ended;
      },
    };
  };
  const named = () =>
    database.query<{ step: number; path: string; public: boolean }>(
      `SELECT step, path, public FROM checkpoints WHERE adapter_id = $1`,
      [adapter.id],
    );
  const folders = async () =>
    (await store.folders(`checkpoints/${adapter.id}`)).map(({ name }) => `checkpoints/${adapter.id}/${name}`);

  it('does not replace a newer state with its old one', async () => {
    const [first, second] = [`future_${ulid()}`, `future_${ulid()}`];
    const { finish } = await stopInSave(first);
    await setLease(2);
    await save(first, 2, () => Promise.resolve(stateAt(1)));
    await save(second, 2, () => Promise.resolve(stateAt(2)));
    expect(await finish()).toContain('Another worker has taken');
    const checkpoints = await named();
    expect(checkpoints).toMatchObject([{ step: 2 }]);
    expect(await folders()).toEqual([checkpoints[0]!.path]);
  });

  it('leaves alone what the client has done with the checkpoint meanwhile', async () => {
    const first = `future_${ulid()}`;
    const { finish } = await stopInSave(first);
    await setLease(2);
    await save(first, 2, () => Promise.resolve(stateAt(1)));
    await database.query(`UPDATE checkpoints SET public = true WHERE adapter_id = $1`, [adapter.id]);
    const before = await named();
    expect(await finish()).toContain('Another worker has taken');
    expect(await named()).toEqual(before);
    expect(await folders()).toEqual([before[0]!.path]);
  });

  it('is followed by a repeat that takes its row for its own', async () => {
    const first = `future_${ulid()}`;
    const { finish } = await stopInSave(first);
    expect(await finish()).toBe('written');
    await setLease(2);
    const again = { ...REQUEST, overwrite: false };
    const repeat = { requestId: first, lease: 2 };
    await writer.save(
      'training',
      again,
      adapter,
      repeat,
      saveable(() => Promise.resolve(stateAt(1))),
    );
    const checkpoints = await named();
    expect(checkpoints).toHaveLength(1);
    expect(await folders()).toEqual([checkpoints[0]!.path]);
  });
});
