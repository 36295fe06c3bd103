import { Injectable } from '@nestjs/common';
import { BaseModelCatalog } from '../../base-models/base-model-catalog.js';
import { AppConfig } from '../../config/app-config.js';
import { targetsOf } from '../../compute/models/adapter-modules.js';
import { parameterCount } from '../../compute/models/model-parameters.js';
import { LossRegistry } from '../../losses/loss-registry.js';
import { type WorkerCapabilities, WorkersService } from '../workers/index.js';

export interface ServerCapabilities {
  readonly baseModels: readonly ServedModel[];
  readonly lossFunctions: readonly string[];
  readonly maxAdaptersPerKey: number;
  /** Of the worker's engine, like those below; null while no worker is alive. */
  readonly maxRank: number | null;
  readonly engine: string | null;
  readonly device: string | null;
  readonly ranks: number | null;
  readonly batching: WorkerCapabilities['batching'] | null;
}

export interface ServedModel {
  readonly name: string;
  readonly family: string;
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly parameterCount: number;
  readonly targetModules: readonly string[];
}

/** What this server can do: base models from the catalog, losses from the registry, the engine from the worker's row. */
@Injectable()
export class CapabilitiesService {
  constructor(
    private readonly baseModels: BaseModelCatalog,
    private readonly losses: LossRegistry,
    private readonly workers: WorkersService,
    private readonly config: AppConfig,
  ) {}

  async describe(): Promise<ServerCapabilities> {
    const worker = await this.workers.capabilities();
    return {
      baseModels: this.baseModels.list().map(({ name, config }) => ({
        name,
        family: config.family,
        contextLength: config.contextLength,
        vocabSize: config.vocabSize,
        parameterCount: parameterCount(config),
        targetModules: targetsOf(config),
      })),
      lossFunctions: this.losses.list().map(({ name }) => name),
      maxAdaptersPerKey: this.config.maxAdaptersPerKey,
      maxRank: worker?.maxRank ?? null,
      engine: worker?.engine ?? null,
      device: worker?.device ?? null,
      ranks: worker?.ranks ?? null,
      batching: worker?.batching ?? null,
    };
  }
}
