import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe } from 'vitest';
import { LocalCheckpointStore } from '../../../src/storage/local/local-checkpoint-store.js';
import { LocalFileStore } from '../../../src/storage/local/local-file-store.js';
import { checkpointStoreCases } from './checkpoint-store.cases.js';
import { fileStoreCases } from './file-store.cases.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'thinker-store-'));
});
afterEach(() => rm(root, { recursive: true }));

describe('checkpoints in a folder', () => {
  checkpointStoreCases(() => [new LocalCheckpointStore(root), new LocalCheckpointStore(root)]);
});

describe('files in a folder', () => {
  fileStoreCases(() => new LocalFileStore(root));
});
