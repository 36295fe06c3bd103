import { Injectable, type OnModuleInit } from '@nestjs/common';
import { BaseModelCatalog } from '../../../../base-models/base-model-catalog.js';
import { ComputeBackend } from '../../../../compute/compute-backend.js';
import { CheckpointStore } from '../../../../storage/checkpoint-store.js';
import { type AdapterEntity } from '../../../adapters/index.js';
import { AdapterResidency, AdapterRestore, type LoadedState } from '../../../adapter-state/index.js';
import { readFiles } from '../../../../storage/adapter-files.js';
import { HandlesOperation, type Operation, OperationHandler, type OperationOutcome } from '../../../futures/index.js';
import { decodeLoad, type LoadRequest } from '../../checkpoint-operations.js';
import { formatCheckpointPath } from '../../../../domain/checkpoint-path.js';
import { type CheckpointEntity } from '../../entities/checkpoint.entity.js';
import { CheckpointMismatchError, CheckpointNotFoundError } from '../../errors/checkpoint.errors.js';
import { CheckpointRepository } from '../../repositories/checkpoint.repository.js';

/**
 * Replaces an adapter's weights, and its optimiser's state where asked, by a checkpoint's. The new state is written down
 * before the operation completes: the checkpoint may be gone when the log is replayed. Where it is not, it stands in for
 * a written state that is damaged.
 */
@Injectable()
@HandlesOperation('load_weights')
export class LoadWeightsHandler extends OperationHandler implements OnModuleInit {
  constructor(
    private readonly backend: ComputeBackend,
    private readonly residency: AdapterResidency,
    private readonly restore: AdapterRestore,
    private readonly checkpoints: CheckpointRepository,
    private readonly store: CheckpointStore,
    private readonly baseModels: BaseModelCatalog,
  ) {
    super();
  }

  onModuleInit(): void {
    this.restore.readLoadsWith((adapter, request) => this.read(adapter, decodeLoad(request)));
  }

  override async run(operation: Operation): Promise<OperationOutcome> {
    const request = decodeLoad(operation.request);
    const work = async (adapter: AdapterEntity) => {
      const { state, optimizer } = await this.read(adapter, request);
      await this.backend.importState(adapter.id, state, { optimizer });
      const step = optimizer ? state.step : 0;
      const digest = await this.backend.digestState(adapter.id);
      const json = { path: formatCheckpointPath(clientPathOf(request)), step, digest };
      return { result: { json, tensors: {} }, effect: { step, digest, hasGradients: false } };
    };
    return this.residency.change(operation, work, { persist: true });
  }

  private async read(adapter: AdapterEntity, request: LoadRequest): Promise<LoadedState> {
    const { sourceId: adapterId, kind, name, optimizer } = request;
    const checkpoint = await this.checkpoints.find({ adapterId, kind, name });
    if (!checkpoint) throw new CheckpointNotFoundError(clientPathOf(request));
    checkFits(checkpoint, adapter, request);
    const { config } = this.baseModels.get(adapter.baseModel);
    const { state } = await readFiles(this.store, checkpoint.path, config);
    return { state, optimizer };
  }
}

const PATTERNS = ['rankPattern', 'alphaPattern', 'excludedModules'] as const;

const clientPathOf = ({ sourceModelId: modelId, kind, name }: LoadRequest) => ({ modelId, kind, name });

function checkFits(checkpoint: CheckpointEntity, adapter: AdapterEntity, { optimizer }: LoadRequest): void {
  if (checkpoint.baseModel !== adapter.baseModel) {
    throw new CheckpointMismatchError(
      `The checkpoint is for base model '${checkpoint.baseModel}', adapter '${adapter.modelId}' for '${adapter.baseModel}'.`,
      'Load it into an adapter of its own base model.',
    );
  }
  for (const key of ['rank', 'alpha', 'rsLora', 'targetModules', ...PATTERNS] as const) {
    const [saved, wanted] = [settingText(checkpoint.lora[key]), settingText(adapter.lora[key])];
    if (saved === wanted) continue;
    throw new CheckpointMismatchError(
      `The checkpoint has ${key} ${saved}, adapter '${adapter.modelId}' has ${wanted}.`,
      "Load it into an adapter that was made with the checkpoint's lora_config.",
    );
  }
  if (optimizer && !checkpoint.withOptimizer) {
    throw new CheckpointMismatchError('A sampler snapshot has no optimiser state.', 'Send "optimizer": false.');
  }
}

/** Equal settings have equal texts; the database does not keep the order of keys. */
function settingText(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value);
  const entries = Object.entries(value).map(([name, own]) => `${name}: ${String(own)}`);
  return entries.sort((a, b) => (a < b ? -1 : 1)).join(', ');
}
