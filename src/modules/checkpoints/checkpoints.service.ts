import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { currentOwner, runAs } from '../../common/caller.js';
import { type AppError } from '../../common/errors/app-error.js';
import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { loadPayload } from '../../operations/payloads/load-payload.js';
import { SAVE_OPERATIONS, savePayload } from '../../operations/payloads/save-payload.js';
import { AdaptersService, type AdapterEntity } from '../adapters/index.js';
import { type Accepted, FuturesService, type NewOperation } from '../futures/index.js';
import { checkpointBytes, StorageQuota } from '../keys/index.js';
import { CheckpointLibrary } from './checkpoint-library.js';
import { type CheckpointKind, type CheckpointPath, formatCheckpointPath } from '../../domain/checkpoint-path.js';
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
    private readonly quota: StorageQuota,
  ) {}

  async save(order: SaveCheckpoint): Promise<AcceptedCheckpoint> {
    const { kind, name, overwrite = false, ttlSeconds, seqId, checkpointId, userMetadata, recipients } = order;
    const adapter = await this.adapters.get(order.modelId);
    const path = { modelId: adapter.modelId, kind, name };
    const existing = await this.checkpoints.find({ adapterId: adapter.id, kind, name });
    // A repeat by seq_id must find its first future, so there the operation decides.
    if (existing && !overwrite && seqId === undefined) throw new CheckpointExistsError(path);
    const refusal = order.ignoresStorageLimit === true ? null : await this.refusal(adapter, kind, existing);
    const request = savePayload.encode({ name, overwrite, ttlSeconds, checkpointId, userMetadata, recipients });
    return this.submit({ kind: SAVE_OPERATIONS[kind], seqId, request, refusal }, adapter, path);
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
    const { requestId } = await this.save({ ...location, ttlSeconds, ignoresStorageLimit: true });
    return { location, requestId };
  }

  async load({ modelId, path, field, optimizer, seqId, reader }: LoadCheckpoint): Promise<AcceptedCheckpoint> {
    const adapter = await this.adapters.get(modelId);
    const sourceId = await runAs(reader ?? currentOwner(), () => this.findSource(path, field));
    const { modelId: sourceModelId, kind, name } = path;
    const request = loadPayload.encode({ sourceId, sourceModelId, kind, name, optimizer });
    return this.submit({ kind: 'load_weights', seqId, request }, adapter, path);
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

  /** Why no checkpoint may be added in the place of `existing`; null where it may. */
  private refusal(
    { owner, trainableParams }: AdapterEntity,
    kind: CheckpointKind,
    existing: CheckpointEntity | null,
  ): Promise<AppError | null> {
    const added = checkpointBytes(trainableParams, kind === 'training') - (existing?.sizeBytes ?? 0);
    return this.quota.refusal(owner, Math.max(added, 0));
  }

  private async submit(
    operation: Pick<NewOperation, 'kind' | 'seqId' | 'request' | 'refusal'>,
    { id: adapterId, modelId, baseModel }: AdapterEntity,
    path: CheckpointPath,
  ): Promise<AcceptedCheckpoint> {
    const accepted = await this.futures.submit({ ...operation, adapterId, modelId, baseModel });
    return { ...accepted, path: formatCheckpointPath(path) };
  }
}
