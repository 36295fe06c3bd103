import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DynamicModule, Module } from '@nestjs/common';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { AppModule } from '../../../src/app.module.js';
import { BaseModelCatalog } from '../../../src/base-models/base-model-catalog.js';
import { BaseModelsModule } from '../../../src/base-models/base-models.module.js';
import { configureHttp } from '../../../src/common/http/configure-http.js';
import { ComputeBackend } from '../../../src/compute/compute-backend.js';
import { FakeBackend } from '../fake-backend/fake-backend.js';
import { AppConfig } from '../../../src/config/app-config.js';
import { KeyGate } from '../../../src/modules/keys/index.js';
import { CheckpointStore } from '../../../src/storage/checkpoint-store.js';
import { LocalCheckpointStore } from '../../../src/storage/local/local-checkpoint-store.js';

@Module({})
class FakeComputeModule {
  static forRoot(checkpoints: CheckpointStore): DynamicModule {
    const useFactory = (catalog: BaseModelCatalog): ComputeBackend =>
      new FakeBackend(catalog.list(), undefined, checkpoints);
    return {
      module: FakeComputeModule,
      global: true,
      imports: [BaseModelsModule],
      providers: [{ provide: ComputeBackend, inject: [BaseModelCatalog], useFactory }],
      exports: [ComputeBackend],
    };
  }
}

/** A disk that can be full: files then fail with ENOSPC, as the real thing. */
export class Disk {
  full = false;
  readonly folder = mkdtempSync(path.join(tmpdir(), 'thinker-api-'));
  readonly store = new LocalCheckpointStore(this.folder, {
    openForWrite: async (file) => {
      if (this.full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      return open(file, 'wx');
    },
  });
}

/**
 * The whole service in this process, with the fake backend and the bundled base model, on a free port. Everything but
 * the arithmetic and the disk is the real thing.
 */
export async function startApiApp(databaseUrl: string, env: Readonly<Record<string, string>> = {}) {
  const disk = new Disk();
  chmodSync(disk.folder, 0o755);
  const config = AppConfig.fromEnv({
    DATABASE_URL: databaseUrl,
    BASE_MODELS: path.join('models', 'tiny-chat'),
    DATA_DIR: disk.folder,
    SHUTDOWN_GRACE_S: '5',
    SNAPSHOT_INTERVAL_S: '3600',
    ...env,
  });
  const module = await Test.createTestingModule({
    imports: [AppModule.forRoot(config, FakeComputeModule.forRoot(disk.store))],
  })
    .overrideProvider(CheckpointStore)
    .useValue(disk.store)
    .compile();
  const app = module.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
  configureHttp(app, config, app.get(KeyGate).handle);
  await app.listen(0, '127.0.0.1');
  return {
    app,
    disk,
    backend: app.get<ComputeBackend, FakeBackend>(ComputeBackend),
    url: await app.getUrl(),
    close: async () => {
      await app.close();
      rmSync(disk.folder, { recursive: true, force: true });
    },
  };
}

export type ApiApp = Awaited<ReturnType<typeof startApiApp>>;
