import { Injectable } from '@nestjs/common';
import { BaseModelCatalog } from '../../../base-models/base-model-catalog.js';
import { type AdapterState } from '../../../domain/adapter/adapter-state.js';
import { type LoadRequest } from '../../../operations/payloads/load-payload.js';
import { readFiles } from '../../../storage/adapter-files.js';
import { CheckpointStore } from '../../../storage/checkpoint-store.js';
import { type AdapterEntity } from '../../adapters/index.js';
import { CheckpointReader } from '../../adapter-state/index.js';
import { type CheckpointEntity } from '../entities/checkpoint.entity.js';
import { CheckpointMismatchError, CheckpointNotFoundError } from '../errors/checkpoint.errors.js';
import { CheckpointRepository } from '../repositories/checkpoint.repository.js';

/** Reads checkpoints that have a row, from the checkpoint store. */
@Injectable()
export class StoredCheckpointReader extends CheckpointReader {
  constructor(
    private readonly checkpoints: CheckpointRepository,
    private readonly store: CheckpointStore,
    private readonly baseModels: BaseModelCatalog,
  ) {
    super();
  }

  override async read(adapter: AdapterEntity, request: LoadRequest): Promise<AdapterState> {
    const { sourceId: adapterId, sourceModelId: modelId, kind, name } = request;
    const checkpoint = await this.checkpoints.find({ adapterId, kind, name });
    if (!checkpoint) throw new CheckpointNotFoundError({ modelId, kind, name });
    checkFits(checkpoint, adapter, request);
    const { config } = this.baseModels.get(adapter.baseModel);
    return (await readFiles(this.store, checkpoint.path, config)).state;
  }
}

const PATTERNS = ['rankPattern', 'alphaPattern', 'excludedModules'] as const;

function checkFits(checkpoint: CheckpointEntity, adapter: AdapterEntity, { optimizer }: LoadRequest): void {
  if (checkpoint.baseModel !== adapter.baseModel) {
    throw new CheckpointMismatchError(
      `The checkpoint belongs to base model '${checkpoint.baseModel}', but adapter '${adapter.modelId}' to '${adapter.baseModel}'.`,
      'Load it into an adapter with the same base model.',
    );
  }
  for (const key of ['rank', 'alpha', 'rsLora', 'targetModules', ...PATTERNS] as const) {
    const [saved, wanted] = [settingText(checkpoint.lora[key]), settingText(adapter.lora[key])];
    if (saved === wanted) continue;
    throw new CheckpointMismatchError(
      `The checkpoint has ${key} ${saved}, but adapter '${adapter.modelId}' has ${wanted}.`,
      "Load it into an adapter that was created with the checkpoint's lora_config.",
    );
  }
  if (optimizer && !checkpoint.withOptimizer) {
    throw new CheckpointMismatchError('Sampler weights contain no optimiser state.', 'Send "optimizer": false.');
  }
}

/** Equal settings have equal texts; the database does not keep the order of keys. */
function settingText(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value);
  const entries = Object.entries(value).map(([name, own]) => `${name}: ${String(own)}`);
  return entries.sort((a, b) => (a < b ? -1 : 1)).join(', ');
}
