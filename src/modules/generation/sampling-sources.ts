import { Injectable } from '@nestjs/common';
import { type BaseModel } from '../../base-models/base-model.js';
import { isCheckpointPath } from '../../domain/checkpoint-path.js';
import { AdaptersService } from '../adapters/index.js';
import { CheckpointsService } from '../checkpoints/index.js';
import { type SamplingSource } from './sampling-order.js';

/** Finds what a client samples from by the names that it has for it. `field`: what the client calls the name. */
@Injectable()
export class SamplingSources {
  constructor(
    private readonly adapters: AdaptersService,
    private readonly checkpoints: CheckpointsService,
  ) {}

  /** A bare base model; the server's first one without a name. @throws InvalidRequestError */
  base(name?: string, field?: string): SamplingSource {
    return bare(this.adapters.baseModel(name, field));
  }

  /**
   * The name of an adapter or a base model, "base" for the server's first one, or the path of sampler weights.
   * @throws AppErrors for names that are not there
   */
  async named(name: string, field: string): Promise<SamplingSource> {
    if (this.adapters.isBaseModel(name)) return { ...bare(this.adapters.baseModel(name)), modelId: name };
    if (isCheckpointPath(name)) {
      const { id, baseModel } = await this.checkpoints.findSampler(name, field);
      return { ...bare(this.adapters.baseModel(baseModel)), modelId: name, checkpointId: id };
    }
    const { id, baseModel } = await this.adapters.get(name, field);
    return { ...bare(this.adapters.baseModel(baseModel)), modelId: name, adapterId: id };
  }
}

function bare(model: BaseModel): SamplingSource {
  return { model, modelId: model.name, adapterId: null, checkpointId: null };
}
