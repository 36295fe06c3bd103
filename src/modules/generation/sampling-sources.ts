import { Injectable } from '@nestjs/common';
import { type BaseModel } from '../../base-models/base-model.js';
import { isCheckpointPath } from '../../domain/checkpoint-path.js';
import { NotFoundError } from '../../common/errors/request.errors.js';
import { type AdapterEntity, AdapterNotFoundError, AdaptersService } from '../adapters/index.js';
import { AliasesService, AliasTargetGoneError } from '../aliases/index.js';
import { CheckpointsService } from '../checkpoints/index.js';
import { type SamplingSource } from './sampling-order.js';

/** Finds what a client samples from by the names that it has for it. `field`: what the client calls the name. */
@Injectable()
export class SamplingSources {
  constructor(
    private readonly adapters: AdaptersService,
    private readonly checkpoints: CheckpointsService,
    private readonly aliases: AliasesService,
  ) {}

  /** A bare base model; the server's first one without a name. @throws InvalidRequestError */
  base(name?: string, field?: string): SamplingSource {
    return bare(this.adapters.baseModel(name, field));
  }

  /**
   * The name of an adapter, an alias or a base model, "base" for the server's first one, or the path of sampler weights.
   * @throws AppErrors for names that are not there
   */
  async named(name: string, field: string): Promise<SamplingSource> {
    const known = await this.find(name, field);
    if (known) return known;
    const alias = await this.aliases.find(name);
    if (!alias) throw new AdapterNotFoundError(name, field);
    const { target } = alias;
    const source = await this.find(target, field).catch((error: unknown) => {
      throw error instanceof NotFoundError ? new AliasTargetGoneError(name, target, field) : error;
    });
    if (!source) throw new AliasTargetGoneError(name, target, field);
    return { ...source, modelId: name };
  }

  /** Anything but an alias. Null where it can only be one; a name is looked up once for most requests. */
  private async find(name: string, field: string): Promise<SamplingSource | null> {
    if (this.adapters.isBaseModel(name)) return { ...bare(this.adapters.baseModel(name)), modelId: name };
    if (isCheckpointPath(name)) {
      const { id, baseModel } = await this.checkpoints.findSampler(name, field);
      return { ...bare(this.adapters.baseModel(baseModel)), modelId: name, checkpointId: id };
    }
    const adapter = await this.adapters.find(name);
    return adapter && this.ofAdapter(adapter);
  }

  private ofAdapter({ id, modelId, baseModel }: AdapterEntity): SamplingSource {
    return { ...bare(this.adapters.baseModel(baseModel)), modelId, adapterId: id };
  }
}

function bare(model: BaseModel): SamplingSource {
  return { model, modelId: model.name, adapterId: null, checkpointId: null };
}
