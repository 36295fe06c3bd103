import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import { AppConfig } from '../config/app-config.js';
import { ConfigModule } from '../config/config.module.js';
import { CheckpointStore } from '../storage/checkpoint-store.js';
import { StorageModule } from '../storage/storage.module.js';
import { BaseModelCatalog } from './base-model-catalog.js';
import { BaseModelsModule } from './base-models.module.js';

it('the modules give the catalog and the checkpoint store from the configuration', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'modules-'));
  try {
    const config = AppConfig.fromEnv({
      DATABASE_URL: 'postgres://127.0.0.1/unused',
      DATA_DIR: dataDir,
      BASE_MODELS: fileURLToPath(new URL('../../models/tiny-chat', import.meta.url)),
    });
    const module = await Test.createTestingModule({
      imports: [ConfigModule.forRoot(config), BaseModelsModule, StorageModule],
    }).compile();
    expect(module.get(BaseModelCatalog).default().name).toBe('tiny-chat');
    await module.get(CheckpointStore).write('a/b', new Map([['x', Uint8Array.of(1)]]));
    expect(await readdir(join(dataDir, 'checkpoints', 'a', 'b'))).toEqual(['x']);
  } finally {
    await rm(dataDir, { recursive: true });
  }
});
