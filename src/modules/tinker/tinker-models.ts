import { Injectable } from '@nestjs/common';
import { describe, invalid } from '../../common/json/json-fields.js';
import { AdaptersService } from '../adapters/index.js';
import { type Accepted } from '../futures/index.js';
import { SessionsService } from '../sessions/index.js';
import { type CreateModelDto, isAdamW, toTinkerLora } from './dto/model.dto.js';

/** Makes adapters as the Tinker API describes them. */
@Injectable()
export class TinkerModels {
  constructor(
    private readonly sessions: SessionsService,
    private readonly adapters: AdaptersService,
  ) {}

  /** A repeat of (session, model_seq_id) gives the first one's future. */
  async create(dto: CreateModelDto): Promise<Accepted> {
    await this.sessions.get(dto.session_id);
    const optimizer = dto.optimizer_config?.['type'] ?? 'adamw';
    if (!isAdamW(optimizer)) {
      throw invalid('optimizer_config.type', `is ${describe(optimizer)}.`, 'This server has AdamW only: leave it out.');
    }
    const modelId = `${dto.session_id}:train:${dto.model_seq_id}`;
    return this.adapters.createOnce({
      modelId,
      baseModel: dto.base_model,
      lora: toTinkerLora(modelId, dto.lora_config ?? undefined),
      sessionId: dto.session_id,
      userMetadata: dto.user_metadata ?? undefined,
    });
  }
}
