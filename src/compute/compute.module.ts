import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { BaseModelCatalog } from '../base-models/base-model-catalog.js';
import { BaseModelsModule } from '../base-models/base-models.module.js';
import { AppConfig } from '../config/app-config.js';
import { presetEnvironment } from '../config/environment/preset-environment.js';
import { checkpointStoreSettings } from '../storage/open-store.js';
import { ComputeBackend } from './compute-backend.js';
import { type LocalSettings } from './local/local-settings.js';
import { openEngineThread } from './remote/open-engine-thread.js';
import { RemoteBackend } from './remote/remote-backend.js';
import { type EngineSettings, type ThreadSettings } from './remote/thread-settings.js';
import { configuredRanks } from './torch/ranks/configured-ranks.js';
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
      useFactory: async (config: AppConfig, catalog: BaseModelCatalog): Promise<ComputeBackend> => {
        const engine = await engineSettings(config);
        return new RemoteBackend(() => openEngineThread({ ...hostSettings(config, catalog), engine: engine() }));
      },
    },
  ],
  exports: [ComputeBackend],
})
export class ComputeModule {}

/** The settings of each engine that is started, one after another. */
async function engineSettings(config: AppConfig): Promise<() => EngineSettings> {
  if (config.backend === 'local') {
    // Native libraries see only the environment of the process, not that of the engine's thread.
    if (config.engine !== 'onnxruntime') presetEnvironment(tensorflowEnvironment(threadsOf(config)));
    return () => ({ kind: 'local', local: localSettings(config) });
  }
  const ranks = await configuredRanks(config);
  let generation = 0;
  return () => ({ kind: 'torch', torch: { ...ranks, generation: ++generation } });
}

function hostSettings(config: AppConfig, catalog: BaseModelCatalog): Omit<ThreadSettings, 'engine'> {
  return {
    models: catalog.list().map(({ name, folder, config: model }) => ({ name, folder, config: model })),
    samplerWeightBytes: Math.floor(totalmem() * SAMPLER_SHARE),
    sequenceBytes: Math.floor(totalmem() * SEQUENCE_SHARE),
    prefixCacheBytes: config.prefixCacheMb * 2 ** 20,
    checkpoints: checkpointStoreSettings(config),
    lossPlugins: config.lossPlugins,
    logLevel: config.telemetry.logLevel,
    logFormat: config.telemetry.logFormat,
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
