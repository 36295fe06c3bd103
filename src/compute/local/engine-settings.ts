import { type AppConfig } from '../../config/app-config.js';
import { type LocalStoreSettings } from '../../storage/local-store.js';

/** What an engine is built from; it can be cloned between threads. */
export interface EngineSettings {
  readonly engine: AppConfig['engine'];
  readonly device: AppConfig['device'];
  readonly threads: number;
  /** See OnnxRuntimeOptions. */
  readonly packWeights: boolean;
  /** What requests may share. */
  readonly batching: AppConfig['batching'];
  readonly memoryBudgetBytes: number;
  /** Memory for sampler weights. */
  readonly samplerWeightBytes: number;
  readonly sequenceBytes: number;
  readonly prefixCacheBytes: number;
  readonly checkpoints: LocalStoreSettings;
  readonly models: readonly { readonly name: string; readonly folder: string }[];
  /** Folders with losses of the operator. */
  readonly lossPlugins: readonly string[];
  /** Folder for float32 weights and compiled graphs. */
  readonly cacheFolder: string;
}
