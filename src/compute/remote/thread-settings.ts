import { type BaseModel } from '../../base-models/base-model.js';
import { type AppConfig } from '../../config/app-config.js';
import { type CheckpointStoreSettings } from '../../storage/open-store.js';
import { type LocalSettings } from '../local/local-settings.js';
import { type TorchSettings } from '../torch/torch-settings.js';

/** What the backend in the engine's thread is built from; it can be cloned between threads. */
export interface ThreadSettings {
  readonly engine: EngineSettings;
  readonly models: readonly Pick<BaseModel, 'name' | 'folder' | 'config'>[];
  /** Memory for sampler weights. */
  readonly samplerWeightBytes: number;
  readonly sequenceBytes: number;
  readonly prefixCacheBytes: number;
  readonly checkpoints: CheckpointStoreSettings;
  /** Folders with losses of the operator. */
  readonly lossPlugins: readonly string[];
  readonly logLevel: AppConfig['telemetry']['logLevel'];
  readonly logFormat: AppConfig['telemetry']['logFormat'];
}

/** Of the engine under it. */
export type EngineSettings =
  { readonly kind: 'local'; readonly local: LocalSettings } | { readonly kind: 'torch'; readonly torch: TorchSettings };
