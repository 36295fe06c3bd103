import { Injectable } from '@nestjs/common';
import { runAs } from '../../../common/caller.js';
import { invalid, isGiven } from '../../../common/json/json-fields.js';
import { AdaptersService } from '../../adapters/index.js';
import { CheckpointLibrary, CheckpointsService, parseCheckpointPath } from '../../checkpoints/index.js';
import { type Accepted } from '../../futures/index.js';
import { SessionsService } from '../../sessions/index.js';
import { type CreateModelDto, toTinkerLora } from './dto/model.dto.js';
import { checkOptimizerConfig } from './dto/optimizer.js';
import { type TinkerLoadDto } from '../weights/dto/weights.dto.js';
import { WeightsAccess } from '../weights/weights-access.js';

/** Number of the load that a model begins with: the client counts its own requests from 1. */
const FIRST_SEQ_ID = 0;

/** Makes adapters as the Tinker API describes them, fresh or from a checkpoint. */
@Injectable()
export class TinkerModels {
  constructor(
    private readonly sessions: SessionsService,
    private readonly adapters: AdaptersService,
    private readonly checkpoints: CheckpointsService,
    private readonly library: CheckpointLibrary,
    private readonly access: WeightsAccess,
  ) {}

  /** A repeat of (session, model_seq_id) gives the first one's future. */
  async create(dto: CreateModelDto): Promise<Accepted> {
    await this.sessions.enter(dto.session_id);
    checkOptimizerConfig(dto.optimizer_config);
    const modelId = modelIdOf(dto.session_id, dto.model_seq_id);
    return this.adapters.createOnce({
      modelId,
      baseModel: dto.base_model,
      lora: toTinkerLora(modelId, dto.lora_config ?? undefined),
      sessionId: dto.session_id,
      userMetadata: dto.user_metadata ?? undefined,
    });
  }

  /** Into a model that exists, or into one that is made for it with the checkpoint's own shape. */
  async load(dto: TinkerLoadDto): Promise<Accepted> {
    checkOptimizerConfig(dto.optimizer_config);
    const { path, model_id: modelId } = dto;
    const optimizer = dto.optimizer ?? false;
    const reader = await this.access.readerOf(dto.weights_access_token);
    if (!isGiven(modelId)) return this.createFrom(dto, optimizer, reader);
    return this.checkpoints.load({ model_id: modelId, path, optimizer, seq_id: dto.seq_id }, reader);
  }

  private async createFrom(
    { session_id: sessionId, model_seq_id: seqId, path, ...dto }: TinkerLoadDto,
    optimizer: boolean,
    reader: string,
  ): Promise<Accepted> {
    if (!isGiven(sessionId) || !isGiven(seqId)) {
      throw invalid('model_id', 'is missing.', 'Give model_id, or session_id and model_seq_id to make a model.');
    }
    await this.sessions.enter(sessionId);
    const source = parseCheckpointPath(path, 'path');
    const { lora, baseModel } = await runAs(reader, () => this.library.readable(source, 'path'));
    this.adapters.checkBaseModel(dto.base_model, baseModel);
    const modelId = modelIdOf(sessionId, seqId);
    const userMetadata = dto.user_metadata ?? undefined;
    await this.adapters.createOnce({ modelId, baseModel, lora, sessionId, userMetadata });
    return this.checkpoints.load({ model_id: modelId, path, optimizer, seq_id: FIRST_SEQ_ID }, reader);
  }
}

/** The id that clients expect of a session's model with this number. */
export function modelIdOf(sessionId: string, seqId: number): string {
  return `${sessionId}:train:${seqId}`;
}
