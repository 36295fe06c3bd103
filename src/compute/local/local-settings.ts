import { type AppConfig } from '../../config/app-config.js';

/** What the local engine is built from; it can be cloned between threads. */
export interface LocalSettings {
  readonly engine: AppConfig['engine'];
  readonly device: AppConfig['device'];
  readonly threads: number;
  /** See OnnxRuntimeOptions. */
  readonly packWeights: boolean;
  /** What requests may share. */
  readonly batching: AppConfig['batching'];
  readonly memoryBudgetBytes: number;
  /** Folder for float32 weights and compiled graphs. */
  readonly cacheFolder: string;
}
