import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { BaseModelCatalog } from '../base-models/base-model-catalog.js';
import { BaseModelsModule } from '../base-models/base-models.module.js';
import { AppConfig } from '../config/app-config.js';
import { presetEnvironment } from '../config/preset-environment.js';
import { localStoreSettings } from '../storage/local-store.js';
import { ComputeBackend } from './compute-backend.js';
import { type LocalSettings } from './local/local-settings.js';
import { openEngineThread } from './remote/open-engine-thread.js';
import { RemoteBackend } from './remote/remote-backend.js';
import { type ThreadSettings } from './remote/thread-settings.js';
import { tensorflowEnvironment } from './tensorflow/load-tensorflow.js';

/** Share of the machine's memory that one pass may use when MEMORY_BUDGET_MB leaves it open. */
const MEMORY_SHARE = 0.25;
/** The same for keys and values of generations. */
const SEQUENCE_SHARE = 1 / 8;
/** The same for sampler weights, which are read again from their files when they are needed again. */
const SAMPLER_SHARE = 1 / 16;

/** Gives the compute backend; whoever runs it starts and stops it. Imported where the role includes a worker. */
@Module({
  imports: [BaseModelsModule],
  providers: [
    {
      provide: ComputeBackend,
      inject: [AppConfig, BaseModelCatalog],
      useFactory: (config: AppConfig, catalog: BaseModelCatalog): ComputeBackend => {
        const settings = threadSettings(config, catalog);
        // Native libraries see only the environment of the process, not that of the engine's thread.
        if (config.engine !== 'onnxruntime') presetEnvironment(tensorflowEnvironment(threadsOf(config)));
        return new RemoteBackend(() => openEngineThread(settings));
      },
    },
  ],
  exports: [ComputeBackend],
})
export class ComputeModule {}

function threadSettings(config: AppConfig, catalog: BaseModelCatalog): ThreadSettings {
  return {
    engine: { kind: 'local', local: localSettings(config) },
    models: catalog.list().map(({ name, folder, config: model }) => ({ name, folder, config: model })),
    samplerWeightBytes: Math.floor(totalmem() * SAMPLER_SHARE),
    sequenceBytes: Math.floor(totalmem() * SEQUENCE_SHARE),
    prefixCacheBytes: config.prefixCacheMb * 2 ** 20,
    checkpoints: localStoreSettings(config),
    lossPlugins: config.lossPlugins,
    logLevel: config.logLevel,
  };
}

function localSettings(config: AppConfig): LocalSettings {
  const budgetMb = config.memoryBudgetMb === 0 ? (totalmem() * MEMORY_SHARE) / 2 ** 20 : config.memoryBudgetMb;
  return {
    engine: config.engine,
    device: config.device,
    threads: threadsOf(config),
    packWeights: config.packWeights,
    batching: config.batching,
    memoryBudgetBytes: Math.floor(budgetMb * 2 ** 20),
    cacheFolder: join(config.dataDir, 'weights'),
  };
}

function threadsOf(config: AppConfig): number {
  return config.engineThreads === 0 ? availableParallelism() : config.engineThreads;
}
