import { tmpdir } from 'node:os';
import path from 'node:path';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { type DataSource, type EntityManager } from 'typeorm';
import { ulid } from 'ulid';
import { configureHttp } from '../../../src/common/http/configure-http.js';
import { AppConfig, type Environment } from '../../../src/config/app-config.js';
import { FAKE_MODEL } from '../fake-backend/fake-backend.js';
import { DEFAULT_LORA } from '../../../src/domain/adapter/lora-spec.js';
import { type OperationKind } from '../../../src/domain/operation.js';
import { AdapterEntity } from '../../../src/modules/adapters/entities/adapter.entity.js';
import { type NewOperation } from '../../../src/modules/futures/index.js';
import { PlatformModule } from '../../../src/platform.module.js';
import { Script, ScriptedHandlersModule } from './scripted-handlers.js';

@Module({})
class TestModule {
  static forRoot(config: AppConfig, script: Script, features: (Type | DynamicModule)[]): DynamicModule {
    const imports = [PlatformModule.forRoot(config), ScriptedHandlersModule.forRoot(script), ...features];
    return { module: TestModule, imports };
  }
}

export interface PlatformOptions {
  readonly databaseUrl: string;
  readonly env?: Environment;
  readonly script?: Script;
  /** Modules with routes of the test. */
  readonly features?: (Type | DynamicModule)[];
}

/** The platform with scripted handlers, listening on a free port. Close it with `app.close()`. */
export async function startPlatform(options: PlatformOptions) {
  const { databaseUrl, env = {}, script = new Script(), features = [] } = options;
  const dataDir = path.join(tmpdir(), 'thinker-platform');
  const usual = { DATABASE_URL: databaseUrl, DATA_DIR: dataDir, PORT: '0', SHUTDOWN_GRACE_S: '5' };
  const config = AppConfig.fromEnv({ ...usual, ...env });
  const app = await NestFactory.create<NestExpressApplication>(TestModule.forRoot(config, script, features), {
    logger: process.env['TEST_LOGS'] === '1' ? undefined : false,
    bodyParser: false,
    abortOnError: false,
  });
  configureHttp(app, config);
  try {
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  return {
    app,
    config,
    script,
    url: await app.getUrl(),
    get: <T>(type: Type<T> | (abstract new () => T)) => app.get<T>(type),
  };
}

export type TestPlatform = Awaited<ReturnType<typeof startPlatform>>;

/** A row for an adapter, as if it had been created. */
export async function insertAdapter(
  database: DataSource | EntityManager,
  modelId = `model-${ulid()}`,
): Promise<AdapterEntity> {
  const manager = 'manager' in database ? database.manager : database;
  return manager.save(
    manager.create(AdapterEntity, {
      id: `adapter_${ulid()}`,
      modelId,
      baseModel: FAKE_MODEL.name,
      lora: DEFAULT_LORA,
      rank: DEFAULT_LORA.rank,
      trainableParams: 1,
    }),
  );
}

/** An operation whose handler knows it by its label. */
export function operation(
  adapter: AdapterEntity | null,
  label: string,
  kind: OperationKind = 'forward_backward',
  seqId?: number,
): NewOperation {
  return {
    kind,
    adapterId: adapter?.id ?? null,
    modelId: adapter?.modelId ?? FAKE_MODEL.name,
    baseModel: FAKE_MODEL.name,
    ...(seqId !== undefined && { seqId }),
    request: { json: { label }, tensors: {} },
  };
}
