import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { currentOwner, runAs } from '../../common/caller.js';
import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { isGiven } from '../../common/json/json-fields.js';
import { type OperationData } from '../../domain/operation-data.js';
import { type OperationKind } from '../../domain/operation.js';
import { AdaptersService, type AdapterEntity } from '../adapters/index.js';
import { type Accepted, FuturesService } from '../futures/index.js';
import { CheckpointLibrary } from './checkpoint-library.js';
import { encodeLoad, encodeSave } from './checkpoint-operations.js';
import { type CheckpointPath, formatCheckpointPath, isCheckpointPath } from '../../domain/checkpoint-path.js';
import { checkCheckpointName, parseCheckpointPath } from './checkpoint-path.js';
import { type LoadWeightsDto, type SaveForSamplerDto, type SaveWeightsDto } from './dto/checkpoint.dto.js';
import { type SaveRequest } from './worker/checkpoint-writer.js';
import { type CheckpointKind } from '../../domain/checkpoint-path.js';
import { type CheckpointEntity } from './entities/checkpoint.entity.js';
import { CheckpointExistsError, CheckpointNotFoundError } from './errors/checkpoint.errors.js';
import { CheckpointRepository } from './repositories/checkpoint.repository.js';

export interface AcceptedCheckpoint extends Accepted {
  /** For clients: tinker://... */
  readonly path: string;
}

const SAVES: Readonly<Record<CheckpointKind, OperationKind>> = {
  training: 'save_weights',
  sampler: 'save_weights_for_sampler',
  external: 'save_weights_external',
};

/** Named checkpoints: saving and loading go through the log, so each has its place among the adapter's steps. */
@Injectable()
export class CheckpointsService {
  constructor(
    private readonly checkpoints: CheckpointRepository,
    private readonly adapters: AdaptersService,
    private readonly futures: FuturesService,
    private readonly library: CheckpointLibrary,
  ) {}

  async save(dto: SaveWeightsDto, userMetadata?: Record<string, string>): Promise<AcceptedCheckpoint> {
    const given = givenName(dto);
    if (given === undefined) throw nameless('name', 'Give "name", like "step-10".');
    return this.submitSave('training', checkCheckpointName(given, nameField(dto)), dto, { userMetadata });
  }

  async saveForSampler(dto: SaveForSamplerDto, userMetadata?: Record<string, string>): Promise<AcceptedCheckpoint> {
    const given = givenName(dto);
    const name = given === undefined ? `sampler-${ulid()}` : checkCheckpointName(given, nameField(dto));
    return this.submitSave('sampler', name, dto, { userMetadata });
  }

  /**
   * A sampler snapshot without a name, for one sampling client. Name and id of its row follow from the request's number,
   * so that a repeat is the same request.
   */
  async saveUnnamed(modelId: string, seqId: number | undefined): Promise<Accepted & { checkpointId: string }> {
    const { id } = await this.adapters.get(modelId);
    const number = seqId ?? ulid();
    const checkpointId = `checkpoint_${id.slice(id.indexOf('_') + 1)}_${number}`;
    const dto = { model_id: modelId, seq_id: seqId, ttl_seconds: this.library.unnamedTtlS ?? undefined };
    return { ...(await this.submitSave('sampler', `.s${number}`, dto, { checkpointId })), checkpointId };
  }

  /** A snapshot under a name that lists leave out and no client can use; whoever asks for it deletes it. */
  async saveHidden(modelId: string, ttlSeconds: number): Promise<{ location: CheckpointPath; requestId: string }> {
    const location: CheckpointPath = { modelId, kind: 'sampler', name: `.${ulid()}` };
    const { requestId } = await this.submitSave('sampler', location.name, {
      model_id: modelId,
      ttl_seconds: ttlSeconds,
    });
    return { location, requestId };
  }

  /** Files for other programs, under a name that is free; encrypted where there are recipients. */
  saveExternal(dto: SaveForSamplerDto, recipients?: readonly string[]): Promise<AcceptedCheckpoint> {
    const given = givenName(dto);
    if (given === undefined) throw nameless('path', 'Give "path", like "step-10".');
    return this.submitSave('external', checkCheckpointName(given, nameField(dto)), dto, { recipients });
  }

  /** `reader`: the owner who may read the checkpoint, where it is another one than the adapter's. */
  async load(dto: LoadWeightsDto, reader = currentOwner()): Promise<AcceptedCheckpoint> {
    const adapter = await this.adapters.get(dto.model_id);
    const { path, sourceId } = await runAs(reader, () => this.findSource(dto, adapter));
    const request = encodeLoad({
      ...{ sourceId, sourceModelId: path.modelId, kind: path.kind, name: path.name },
      optimizer: dto.optimizer ?? path.kind === 'training',
    });
    return this.submit('load_weights', adapter, path, request, dto.seq_id);
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

  /** The sampler snapshot at a tinker:// path. */
  async findSampler(text: string): Promise<CheckpointEntity> {
    const path = parseCheckpointPath(text, 'model_id');
    if (path.kind === 'sampler') return this.library.readable(path, 'model_id');
    const remedy = 'Save a sampler snapshot with POST /save_weights_for_sampler.';
    throw new InvalidRequestError(`'${text}' is no sampler snapshot. ${remedy}`, { field: 'model_id', remedy });
  }

  async delete(path: CheckpointPath): Promise<void> {
    await this.get(path, 'name');
    await this.library.delete(path);
  }

  private async submitSave(
    kind: CheckpointKind,
    name: string,
    dto: SaveWeightsDto,
    more: Pick<SaveRequest, 'checkpointId' | 'userMetadata' | 'recipients'> = {},
  ): Promise<AcceptedCheckpoint> {
    const adapter = await this.adapters.get(dto.model_id);
    const path = { modelId: adapter.modelId, kind, name };
    const overwrite = dto.overwrite ?? false;
    const taken = overwrite ? null : await this.checkpoints.find({ adapterId: adapter.id, kind, name });
    // A repeat by seq_id must find its first future, so there the operation decides.
    if (taken && !isGiven(dto.seq_id)) throw new CheckpointExistsError(path);
    const request = encodeSave({ name, overwrite, ttlSeconds: dto.ttl_seconds ?? null, ...more });
    return this.submit(SAVES[kind], adapter, path, request, dto.seq_id);
  }

  /**
   * The checkpoint may still be on its way (saved by an operation that waits), so it is only missed here when its
   * adapter has nothing to do.
   */
  private async findSource(
    dto: LoadWeightsDto,
    adapter: AdapterEntity,
  ): Promise<{ path: CheckpointPath; sourceId: string }> {
    const field = nameField(dto);
    const given = givenName(dto);
    if (given === undefined) throw nameless(field, 'Give "name", or "path" as the save answered it.');
    const path: CheckpointPath = isCheckpointPath(given)
      ? parseCheckpointPath(given, field)
      : { modelId: adapter.modelId, kind: 'training', name: checkCheckpointName(given, field) };
    const source = await this.adapters.find(path.modelId);
    if (source && (await this.adapters.isBusy(source))) return { path, sourceId: source.id };
    return { path, sourceId: (await this.library.readable(path, field)).adapterId };
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

interface Named {
  readonly name?: string;
  readonly path?: string;
}

function givenName({ name, path }: Named): string | undefined {
  const given = name ?? path ?? undefined;
  if (given === (path ?? given)) return given;
  const remedy = 'They are two names of one field: give one of them.';
  throw new InvalidRequestError(`name and path differ. ${remedy}`, { field: 'path', remedy });
}

function nameless(field: string, remedy: string): InvalidRequestError {
  return new InvalidRequestError(`No checkpoint is named. ${remedy}`, { field, remedy });
}

function nameField({ name }: Named): string {
  return isGiven(name) ? 'name' : 'path';
}
