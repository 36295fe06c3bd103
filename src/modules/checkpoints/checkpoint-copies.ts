import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { runAs } from '../../common/caller.js';
import { ConflictError } from '../../common/errors/request.errors.js';
import { stateDigest } from '../../compute/numerics/state-digest.js';
import { CheckpointStore } from '../../storage/checkpoint-store.js';
import { type AdapterEntity, AdaptersService } from '../adapters/index.js';
import { fromFiles } from '../../storage/adapter-files.js';
import { CheckpointLibrary } from './checkpoint-library.js';
import { endOf, isExpired } from './checkpoint-lifetime.js';
import { type CheckpointPath, formatCheckpointPath } from '../../domain/checkpoint-path.js';
import { type CheckpointEntity } from './entities/checkpoint.entity.js';
import { withFirstState } from './files/first-state.js';
import { CheckpointEventRepository } from './repositories/checkpoint-event.repository.js';
import { CheckpointRepository } from './repositories/checkpoint.repository.js';

/** What is to be copied: a path, and the owner who may read it. */
export interface CopySource {
  readonly path: CheckpointPath;
  readonly reader: string;
}

/** Where the copy is to be: in an adapter of this name, which is made for it. */
export interface CopyTarget {
  readonly modelId: string;
  readonly sessionId: string;
  readonly ttlSeconds: number | null;
}

/**
 * Copies of checkpoints, each in an adapter of its own that begins with the same weights. The files are copied, so that
 * source and copy can be deleted without each other. A repeat finds the first copy by the adapter's name.
 */
@Injectable()
export class CheckpointCopies {
  constructor(
    private readonly adapters: AdaptersService,
    private readonly checkpoints: CheckpointRepository,
    private readonly library: CheckpointLibrary,
    private readonly store: CheckpointStore,
    private readonly history: CheckpointEventRepository,
  ) {}

  /** Returns the copy's path for clients. @throws CheckpointNotFoundError, ConflictError when the name is taken */
  async copy({ path, reader }: CopySource, target: CopyTarget): Promise<string> {
    const copied = formatCheckpointPath({ ...path, modelId: target.modelId });
    const made = await this.adapters.find(target.modelId);
    if (made && (await this.holdsCopy(made, path))) return copied;
    const source = await runAs(reader, () => this.library.readable(path, 'source_path'));
    const adapter = made ?? (await this.createAdapter(source, target));
    await this.put(adapter, source, target.ttlSeconds);
    return copied;
  }

  /** @throws ConflictError when it was made for something else */
  private async holdsCopy(adapter: AdapterEntity, path: CheckpointPath): Promise<boolean> {
    checkMadeFor(adapter, path);
    const { kind, name } = path;
    return (await this.checkpoints.find({ adapterId: adapter.id, kind, name })) !== null;
  }

  private async createAdapter(source: CheckpointEntity, { modelId, sessionId }: CopyTarget): Promise<AdapterEntity> {
    const id = `adapter_${ulid()}`;
    const { lora, baseModel, userMetadata } = source;
    const files = await this.library.files(source);
    const digest = await stateDigest(fromFiles(files, this.adapters.baseModel(baseModel).config).state);
    const step = source.withOptimizer ? source.step : 0;
    const state = { source, step, digest };
    return withFirstState(this.store, id, state, async (firstState) => {
      const copiedFrom = formatCheckpointPath(source);
      const adapter = await this.adapters.createOrGet({
        id,
        modelId,
        sessionId,
        lora,
        baseModel,
        firstState,
        copiedFrom,
        userMetadata: userMetadata ?? undefined,
      });
      checkMadeFor(adapter, source);
      // A repeat at the same time was faster: its adapter has a folder of its own.
      if (adapter.id !== id) await this.store.delete(firstState.path);
      return adapter;
    });
  }

  /** Files first, then the row that names them; where a repeat was faster, its row stays. */
  private async put(
    { id: adapterId, modelId, owner }: AdapterEntity,
    source: CheckpointEntity,
    ttlSeconds: number | null,
  ): Promise<void> {
    const path = `checkpoints/${adapterId}/${ulid()}`;
    await this.store.copy(source.path, path);
    const { kind, name, baseModel, lora, step, withOptimizer, sizeBytes, userMetadata } = source;
    const row = {
      id: `checkpoint_${ulid()}`,
      adapterId,
      modelId,
      owner,
      public: false,
      path,
      kind,
      name,
      baseModel,
      lora,
      step,
      withOptimizer,
      sizeBytes,
      userMetadata,
      expiresAt: endOf(ttlSeconds),
    };
    const replaced = await this.checkpoints.put(row, isExpired);
    if (typeof replaced === 'string') return this.store.delete(path);
    await this.history.record(row, 'checkpoint_copy', { source_path: formatCheckpointPath(source) });
    if (replaced.path !== null) await this.store.delete(replaced.path);
  }
}

function checkMadeFor({ modelId, copiedFrom }: AdapterEntity, source: CheckpointPath): void {
  const path = formatCheckpointPath(source);
  if (copiedFrom === path) return;
  const remedy = 'Use another model_seq_id.';
  throw new ConflictError(`A model '${modelId}' already exists and is not a copy of ${path}. ${remedy}`, {
    field: 'model_seq_id',
    remedy,
  });
}
