import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCheckpointStore } from '../../src/storage/local/local-checkpoint-store.js';
import { FAKE_MODEL, FakeBackend } from '../support/fake-backend/fake-backend.js';
import { describeConformance } from './compute-backend.cases.js';

describeConformance({
  name: 'FakeBackend',
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'thinker-fake-'));
    const checkpoints = new LocalCheckpointStore(folder);
    const started = async () => {
      const backend = new FakeBackend(undefined, undefined, checkpoints);
      await backend.start();
      return backend;
    };
    const backend = await started();
    return {
      backend,
      checkpoints,
      baseModel: FAKE_MODEL.name,
      openSmall: started,
      textOf: (tokens) => Array.from(tokens).join(' '),
      async close() {
        await backend.stop();
        await rm(folder, { recursive: true });
      },
    };
  },
});
