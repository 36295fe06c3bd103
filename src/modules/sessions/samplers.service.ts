import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { currentOwner } from '../../common/caller.js';
import { InvalidRequestError, NotFoundError } from '../../common/errors/request.errors.js';
import { whenDatabaseIsBack } from '../../database/outage.js';
import { AdaptersService } from '../adapters/index.js';
import { CheckpointLibrary, parseCheckpointPath } from '../checkpoints/index.js';
import { type SamplingSessionEntity } from './entities/sampling-session.entity.js';
import { type NewSamplingSessionRow, SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';

export interface SamplerWish {
  readonly sessionId: string;
  readonly seqId: number;
  readonly baseModel?: string;
  readonly modelPath?: string;
}

/** Sampling sessions: names for weights that later training does not change. */
@Injectable()
export class SamplersService {
  constructor(
    private readonly sessions: SessionsService,
    private readonly rows: SessionsRepository,
    private readonly adapters: AdaptersService,
    private readonly checkpoints: CheckpointLibrary,
  ) {}

  /** A repeat of (session, seq) gives the first one. @throws NotFoundError, InvalidRequestError */
  async create({ sessionId, seqId, baseModel, modelPath }: SamplerWish): Promise<SamplingSessionEntity> {
    await this.sessions.enter(sessionId);
    const weights = modelPath === undefined ? this.base(baseModel) : await this.atPath(modelPath, baseModel);
    return this.insert({ sessionId, seqId, requestId: null, modelPath: modelPath ?? null, ...weights });
  }

  /** For the snapshot that an unnamed save writes; a repeat of the save gives the first one. */
  async createForSave(save: {
    modelId: string;
    requestId: string;
    checkpointId: string;
  }): Promise<SamplingSessionEntity> {
    const { modelId, requestId, checkpointId } = save;
    const { sessionId, baseModel } = await this.adapters.get(modelId);
    if (sessionId === null) {
      const remedy = 'Pass a name ("path"), or create the model with POST /api/v1/create_model.';
      throw new InvalidRequestError(
        `'${modelId}' does not belong to a session, so its sampler weights need a name. ${remedy}`,
        {
          field: 'path',
          remedy,
        },
      );
    }
    await this.sessions.enter(sessionId);
    return this.insert({ sessionId, seqId: null, requestId, modelPath: null, baseModel, checkpointId });
  }

  /** @throws NotFoundError */
  async get(id: string, field = 'sampling_session_id'): Promise<SamplingSessionEntity> {
    const sampler = await whenDatabaseIsBack(() => this.rows.findSampler(currentOwner(), id));
    if (!sampler) {
      const remedy = 'Create one with POST /api/v1/create_sampling_session.';
      throw new NotFoundError('Sampling session', id, { field, remedy });
    }
    return sampler;
  }

  /** The one that an unnamed save made, by the save's request; null for a save with a name. */
  ofRequest(requestId: string): Promise<SamplingSessionEntity | null> {
    return this.rows.findSamplerOfRequest(requestId);
  }

  ofSession(sessionId: string): Promise<SamplingSessionEntity[]> {
    return this.rows.findSamplersOfSession(sessionId);
  }

  private base(baseModel: string | undefined): Pick<SamplingSessionEntity, 'baseModel' | 'checkpointId'> {
    if (baseModel !== undefined) return { baseModel: this.adapters.baseModel(baseModel).name, checkpointId: null };
    const remedy = 'Pass base_model or model_path.';
    throw new InvalidRequestError(`No model to sample from is specified. ${remedy}`, { field: 'base_model', remedy });
  }

  private async atPath(
    path: string,
    wished: string | undefined,
  ): Promise<Pick<SamplingSessionEntity, 'baseModel' | 'checkpointId'>> {
    const { id, baseModel } = await this.checkpoints.readable(parseCheckpointPath(path, 'model_path'), 'model_path');
    this.adapters.checkBaseModel(wished, baseModel);
    return { baseModel, checkpointId: id };
  }

  private async insert(row: Omit<NewSamplingSessionRow, 'id' | 'owner'>) {
    const sampler = await this.rows.insertSampler({ ...row, id: `sampler_${ulid()}`, owner: currentOwner() });
    if (!sampler) throw new TypeError('A sampling session was neither created nor found.');
    return sampler;
  }
}
