import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { currentOwner, runAs } from '../../common/caller.js';
import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { type OperationData } from '../../domain/operation-data.js';
import { type OperationKind } from '../../domain/operation.js';
import { loadPayload } from '../../operations/payloads/load-payload.js';
import { SAVE_OPERATIONS, savePayload } from '../../operations/payloads/save-payload.js';
import { AdaptersService, type AdapterEntity } from '../adapters/index.js';
import { type Accepted, FuturesService } from '../futures/index.js';
import { CheckpointLibrary } from './checkpoint-library.js';
import { type CheckpointPath, formatCheckpointPath } from '../../domain/checkpoint-path.js';
import { type LoadCheckpoint, type SaveCheckpoint } from './checkpoint-orders.js';
import { parseCheckpointPath } from './checkpoint-path.js';
import { type CheckpointEntity } from './entities/checkpoint.entity.js';
import { CheckpointExistsError, CheckpointNotFoundError } from './errors/checkpoint.errors.js';
import { CheckpointRepository } from './repositories/checkpoint.repository.js';

export interface AcceptedCheckpoint extends Accepted {
  /** For clients: tinker://... */
  readonly path: string;
}

/** Named checkpoints: saving and loading go through the log, so each has a position among the adapter's steps. */
@Injectable()
export class CheckpointsService {
  constructor(
    private readonly checkpoints: CheckpointRepository,
    private readonly adapters: AdaptersService,
    private readonly futures: FuturesService,
    private readonly library: CheckpointLibrary,
  ) {}

  async save(order: SaveCheckpoint): Promise<AcceptedCheckpoint> {
    const { kind, name, overwrite = false, ttlSeconds, seqId, checkpointId, userMetadata, recipients } = order;
    const adapter = await this.adapters.get(order.modelId);
    const path = { modelId: adapter.modelId, kind, name };
    const taken = overwrite ? null : await this.checkpoints.find({ adapterId: adapter.id, kind, name });
    // A repeat by seq_id must find its first future, so there the operation decides.
    if (taken && seqId === undefined) throw new CheckpointExistsError(path);
    const request = savePayload.encode({ name, overwrite, ttlSeconds, checkpointId, userMetadata, recipients });
    return this.submit(SAVE_OPERATIONS[kind], adapter, path, request, seqId);
  }

  /**
   * Sampler weights without a name, for one sampling client. Name and id of its row follow from the request's number,
   * so that a repeat is the same request.
   */
  async saveUnnamed(modelId: string, seqId: number | undefined): Promise<Accepted & { checkpointId: string }> {
    const { id } = await this.adapters.get(modelId);
    const number = seqId ?? ulid();
    const checkpointId = `checkpoint_${id.slice(id.indexOf('_') + 1)}_${number}`;
    const saved = await this.save({
      modelId,
      kind: 'sampler',
      name: `.s${number}`,
      ttlSeconds: this.library.unnamedTtlS,
      seqId,
      checkpointId,
    });
    return { ...saved, checkpointId };
  }

  /** A snapshot under a name that lists leave out and no client can use; whoever asks for it deletes it. */
  async saveHidden(modelId: string, ttlSeconds: number): Promise<{ location: CheckpointPath; requestId: string }> {
    const location: CheckpointPath = { modelId, kind: 'sampler', name: `.${ulid()}` };
    const { requestId } = await this.save({ ...location, ttlSeconds });
    return { location, requestId };
  }

  async load({ modelId, path, field, optimizer, seqId, reader }: LoadCheckpoint): Promise<AcceptedCheckpoint> {
    const adapter = await this.adapters.get(modelId);
    const sourceId = await runAs(reader ?? currentOwner(), () => this.findSource(path, field));
    const { modelId: sourceModelId, kind, name } = path;
    const request = loadPayload.encode({ sourceId, sourceModelId, kind, name, optimizer });
    return this.submit('load_weights', adapter, path, request, seqId);
  }

  /** Oldest first. */
  async list(modelId: string): Promise<CheckpointEntity[]> {
    const adapter = await this.adapters.get(modelId);
    return (await this.checkpoints.findByAdapter(adapter.id)).filter(({ name }) => !name.startsWith('.'));
  }

  /** @throws CheckpointNotFoundError */
  async get(path: CheckpointPath, field?: string): Promise<CheckpointEntity> {
    const adapter = await this.adapters.get(path.modelId);
    const checkpoint = await this.checkpoints.find({ adapterId: adapter.id, kind: path.kind, name: path.name });
    if (!checkpoint) throw new CheckpointNotFoundError(path, field);
    return checkpoint;
  }

  /** The sampler weights at a tinker:// path. */
  async findSampler(text: string, field: string): Promise<CheckpointEntity> {
    const path = parseCheckpointPath(text, field);
    if (path.kind === 'sampler') return this.library.readable(path, field);
    const remedy = 'Save sampler weights with POST /save_weights_for_sampler.';
    throw new InvalidRequestError(`'${text}' is not a sampler checkpoint. ${remedy}`, { field, remedy });
  }

  async delete(path: CheckpointPath): Promise<void> {
    await this.get(path, 'name');
    await this.library.delete(path);
  }

  /**
   * The id of the adapter that has the checkpoint. It may still be on its way (saved by an operation that waits), so it
   * is only missed here when its adapter has nothing to do.
   */
  private async findSource(path: CheckpointPath, field: string): Promise<string> {
    const source = await this.adapters.find(path.modelId);
    if (source && (await this.adapters.isBusy(source))) return source.id;
    return (await this.library.readable(path, field)).adapterId;
  }

  private async submit(
    kind: OperationKind,
    adapter: AdapterEntity,
    path: CheckpointPath,
    request: OperationData,
    seqId: number | undefined,
  ): Promise<AcceptedCheckpoint> {
    const { id: adapterId, modelId, baseModel } = adapter;
    const accepted = await this.futures.submit({ kind, adapterId, modelId, baseModel, seqId, request });
    return { ...accepted, path: formatCheckpointPath(path) };
  }
}
