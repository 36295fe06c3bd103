import { Injectable } from '@nestjs/common';
import { BaseModelCatalog } from '../../../base-models/base-model-catalog.js';
import { type ModelTarget } from '../../../compute/compute-backend.js';
import { NotFoundError } from '../../../common/errors/request.errors.js';
import { CheckpointStore } from '../../../storage/checkpoint-store.js';
import { readFiles } from '../../../storage/adapter-files.js';
import { CheckpointRepository } from '../repositories/checkpoint.repository.js';

/** Snapshots kept in memory, those used last. */
const KEPT = 8;

/** Weights of sampler snapshots, read once for the calls that follow each other. */
@Injectable()
export class SamplerWeights {
  private readonly targets = new Map<string, Promise<ModelTarget>>();

  constructor(
    private readonly checkpoints: CheckpointRepository,
    private readonly store: CheckpointStore,
    private readonly baseModels: BaseModelCatalog,
  ) {}

  /** A snapshot as what a backend can sample from. @throws NotFoundError when it was deleted */
  async target(checkpointId: string): Promise<ModelTarget> {
    const target = this.targets.get(checkpointId) ?? this.read(checkpointId);
    this.targets.delete(checkpointId);
    this.targets.set(checkpointId, target);
    for (const oldest of [...this.targets.keys()].slice(0, -KEPT)) this.targets.delete(oldest);
    try {
      return await target;
    } catch (error) {
      this.targets.delete(checkpointId);
      throw error;
    }
  }

  private async read(checkpointId: string): Promise<ModelTarget> {
    const checkpoint = await this.checkpoints.findById(checkpointId);
    if (!checkpoint) throw new NotFoundError('Sampler snapshot', checkpointId, { field: 'model_id' });
    const { baseModel, lora, path } = checkpoint;
    const { state } = await readFiles(this.store, path, this.baseModels.get(baseModel).config);
    return { kind: 'snapshot', id: checkpointId, baseModel, lora, weights: state.weights };
  }
}
