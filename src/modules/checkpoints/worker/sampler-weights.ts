import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { NotFoundError } from '../../../common/errors/request.errors.js';
import { ComputeBackend, type ModelTarget } from '../../../compute/compute-backend.js';
import { isWeightsUnknown } from '../../../compute/weights-unknown.error.js';
import { EVENT_CHANNELS, EventBus } from '../../../events/event-bus.js';
import { CheckpointRepository } from '../repositories/checkpoint.repository.js';

/**
 * The weights of sampler checkpoints in the backend: loaded by reference when they are first sampled from, and named by
 * the checkpoint's id from then on. The backend drops those that nobody uses; the next request loads them again.
 */
@Injectable()
export class SamplerWeights implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(SamplerWeights.name);
  /** Loads that are under way, by the checkpoint's id. */
  private readonly loading = new Map<string, Promise<void>>();
  private unsubscribe: () => void = () => undefined;

  constructor(
    private readonly backend: ComputeBackend,
    private readonly checkpoints: CheckpointRepository,
    private readonly events: EventBus,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.events.subscribe(EVENT_CHANNELS.checkpointDeleted, {
      onEvent: (checkpointId) => this.drop(checkpointId),
    });
  }

  onModuleDestroy(): void {
    this.unsubscribe();
  }

  /**
   * Works with a checkpoint's weights, and once more when the backend turns out not to have them.
   * @throws NotFoundError when they have to be loaded and the checkpoint was deleted
   */
  async use<T>(checkpointId: string, work: (target: ModelTarget) => Promise<T>): Promise<T> {
    const target: ModelTarget = { kind: 'weights', id: checkpointId };
    try {
      return await work(target);
    } catch (error) {
      if (!isWeightsUnknown(error)) throw error;
    }
    await this.load(checkpointId);
    return work(target);
  }

  /** Requests that come together share one load. */
  private load(checkpointId: string): Promise<void> {
    const known = this.loading.get(checkpointId);
    if (known) return known;
    const load = this.read(checkpointId).finally(() => this.loading.delete(checkpointId));
    this.loading.set(checkpointId, load);
    return load;
  }

  private async read(checkpointId: string): Promise<void> {
    const checkpoint = await this.checkpoints.findById(checkpointId);
    if (!checkpoint) throw new NotFoundError('Sampler checkpoint', checkpointId, { field: 'model_id' });
    const { baseModel, lora, path } = checkpoint;
    await this.backend.loadWeights({ id: checkpointId, baseModel, lora }, { ref: path });
  }

  /** They only take memory, which the backend frees by itself when it needs it. */
  private drop(checkpointId: string): void {
    this.backend
      .dropWeights(checkpointId)
      .catch((error: unknown) => this.logger.debug(`Weights of ${checkpointId} were not dropped: ${String(error)}`));
  }
}
