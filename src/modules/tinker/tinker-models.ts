import { Injectable } from '@nestjs/common';
import { describe, invalid } from '../../common/json/json-fields.js';
import { AdaptersService } from '../adapters/index.js';
import { CheckpointLibrary, CheckpointsService, parseCheckpointPath } from '../checkpoints/index.js';
import { type Accepted } from '../futures/index.js';
import { SessionsService } from '../sessions/index.js';
import { type CreateModelDto, isAdamW, toTinkerLora } from './dto/model.dto.js';
import { type TinkerLoadDto } from './dto/weights.dto.js';

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
  ) {}

  /** A repeat of (session, model_seq_id) gives the first one's future. */
  async create(dto: CreateModelDto): Promise<Accepted> {
    await this.sessions.get(dto.session_id);
    refuseOtherOptimizer(dto.optimizer_config);
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
    refuseOtherOptimizer(dto.optimizer_config);
    const { path, model_id: modelId } = dto;
    const optimizer = dto.optimizer ?? false;
    if ((modelId ?? undefined) === undefined) return this.createFrom(dto, optimizer);
    return this.checkpoints.load({ model_id: modelId ?? '', path, optimizer, seq_id: dto.seq_id });
  }

  private async createFrom(
    { session_id: sessionId, model_seq_id: seqId, path, ...dto }: TinkerLoadDto,
    optimizer: boolean,
  ) {
    if ((sessionId ?? undefined) === undefined || (seqId ?? undefined) === undefined) {
      throw invalid('model_id', 'is missing.', 'Give model_id, or session_id and model_seq_id to make a model.');
    }
    await this.sessions.get(sessionId ?? '');
    const { lora, baseModel } = await this.library.readable(parseCheckpointPath(path, 'path'), 'path');
    const modelId = modelIdOf(sessionId ?? '', seqId ?? 0);
    const userMetadata = dto.user_metadata ?? undefined;
    await this.adapters.createOnce({ modelId, baseModel, lora, sessionId, userMetadata });
    return this.checkpoints.load({ model_id: modelId, path, optimizer, seq_id: FIRST_SEQ_ID });
  }
}

function modelIdOf(sessionId: string, seqId: number): string {
  return `${sessionId}:train:${seqId}`;
}

function refuseOtherOptimizer(config: Readonly<Record<string, unknown>> | undefined): void {
  const type = config?.['type'] ?? 'adamw';
  if (isAdamW(type)) return;
  throw invalid('optimizer_config.type', `is ${describe(type)}.`, 'This server has AdamW only: leave it out.');
}
