import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseOutageError } from '../../../common/errors/database-outage.error.js';
import { LocalCheckpointStore } from '../../../storage/local/local-checkpoint-store.js';
import { withFirstState } from './first-state.js';

const STATE = { source: new Map([['weights', new Uint8Array(1)]]), step: 0, digest: '' };

describe('the files of an adapter that is being made', () => {
  let root: string;
  let store: LocalCheckpointStore;

  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'thinker-first-state-'));
    store = new LocalCheckpointStore(root);
    await store.start();
  });

  afterEach(() => rm(root, { recursive: true }));

  const fail = (error: Error) =>
    withFirstState(store, 'adapter_1', STATE, () => Promise.reject(error)).catch(() => null);

  it('go when it is refused', async () => {
    await fail(new Error('the name is taken'));
    expect(await store.folders('state')).toEqual([]);
  });

  it('stay after an outage that may have hidden a commit', async () => {
    await fail(new DatabaseOutageError(new Error('cut off')));
    expect(await store.folders('state/adapter_1')).toHaveLength(1);
  });
});
