import { Injectable } from '@nestjs/common';
import { type StateSource } from '../../../compute/compute-backend.js';
import { type LoadRequest } from '../../../operations/payloads/load-payload.js';
import { type AdapterEntity } from '../../adapters/index.js';
import { CheckpointReader } from '../../adapter-state/index.js';
import { type CheckpointEntity } from '../entities/checkpoint.entity.js';
import { CheckpointMismatchError, CheckpointNotFoundError } from '../errors/checkpoint.errors.js';
import { CheckpointRepository } from '../repositories/checkpoint.repository.js';

/** Finds checkpoints that have a row. */
@Injectable()
export class StoredCheckpointReader extends CheckpointReader {
  constructor(private readonly checkpoints: CheckpointRepository) {
    super();
  }

  override async find(adapter: AdapterEntity, request: LoadRequest): Promise<StateSource> {
    const { sourceId: adapterId, sourceModelId: modelId, kind, name } = request;
    const checkpoint = await this.checkpoints.find({ adapterId, kind, name });
    if (!checkpoint) throw new CheckpointNotFoundError({ modelId, kind, name });
    checkFits(checkpoint, adapter, request);
    return { ref: checkpoint.path };
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
