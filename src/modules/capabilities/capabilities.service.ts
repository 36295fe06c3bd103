import { Injectable } from '@nestjs/common';
import { BaseModelCatalog } from '../../base-models/base-model-catalog.js';
import { AppConfig } from '../../config/app-config.js';
import { VERSION } from '../../common/version.js';
import { modelParameters } from '../../compute/models/model-parameters.js';
import { type TransformerConfig } from '../../domain/model/transformer-config.js';
import { LossRegistry } from '../../losses/loss-registry.js';
import { WorkersService } from '../workers/index.js';
import { type CapabilitiesDto } from './dto/capabilities.dto.js';

/** What this server can do: base models from the catalog, losses from the registry, the engine from the worker's row. */
@Injectable()
export class CapabilitiesService {
  constructor(
    private readonly baseModels: BaseModelCatalog,
    private readonly losses: LossRegistry,
    private readonly workers: WorkersService,
    private readonly config: AppConfig,
  ) {}

  async describe(): Promise<CapabilitiesDto> {
    const worker = await this.workers.capabilities();
    return {
      supported_models: this.baseModels.list().map(({ name, config }) => ({
        model_id: name,
        model_name: name,
        arch: config.family,
        max_context_length: config.contextLength,
        vocab_size: config.vocabSize,
        parameters: countParameters(config),
      })),
      loss_functions: this.losses.list().map(({ name }) => name),
      max_adapters_per_key: this.config.maxAdaptersPerKey,
      max_rank: worker?.maxRank ?? null,
      engine: worker?.engine ?? null,
      device: worker?.device ?? null,
      version: VERSION,
    };
  }
}

function countParameters(config: TransformerConfig): number {
  let total = 0;
  for (const shape of modelParameters(config).values()) total += shape.reduce((product, size) => product * size, 1);
  return total;
}
