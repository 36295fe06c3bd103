import { Body, HttpCode, Post, Req } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiMissing, ApiPost } from '../../../common/http/api-docs.js';
import { AppConfig } from '../../../config/app-config.js';
import { AdaptersService } from '../../adapters/index.js';
import { type Accepted } from '../../futures/index.js';
import { CreateModelDto, TinkerFutureDto, TinkerModelIdDto, TinkerModelInfoDto } from './dto/model.dto.js';
import { readFreshModel } from './models.reader.js';
import { TinkerModels } from './tinker-models.js';
import { ACCEPTED, TinkerController } from '../tinker-controller.decorator.js';
import { tokenizerId } from '../hub/tokenizer-location.js';

const FIRST = {
  session_id: 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC',
  model_seq_id: 0,
  base_model: 'HuggingFaceTB/SmolLM2-135M-Instruct',
};

/** Models of the Tinker API: adapters of ours with names that follow from their session. */
@TinkerController('models')
export class TinkerModelsController {
  constructor(
    private readonly models: TinkerModels,
    private readonly adapters: AdaptersService,
    private readonly config: AppConfig,
  ) {}

  @Post('create_model')
  @HttpCode(200)
  @ApiPost('api/v1/create_model', {
    summary: 'Create a model',
    description: 'Creates a LoRA adapter with the id `<session_id>:train:<model_seq_id>`.',
    type: CreateModelDto,
    examples: {
      'a shape': { ...FIRST, lora_config: { rank: 16, seed: 42 } },
      'attention only': { ...FIRST, model_seq_id: 1, lora_config: { rank: 8, train_mlp: false, train_unembed: false } },
    },
  })
  @ApiOkResponse({ type: TinkerFutureDto, description: ACCEPTED })
  @ApiMissing('session or base model')
  async create(@Body() body: CreateModelDto): Promise<TinkerFutureDto> {
    return toTinkerFuture(await this.models.create(readFreshModel(body)));
  }

  @Post('get_info')
  @HttpCode(200)
  @ApiPost('api/v1/get_info', {
    summary: 'Get information about a model',
    description: 'Returns the base model, the rank and the location of the tokenizer.',
    type: TinkerModelIdDto,
    examples: { 'a model': { model_id: 'my-model' } },
  })
  @ApiOkResponse({ type: TinkerModelInfoDto, description: 'The adapter or base model.' })
  @ApiMissing('model')
  async info(@Body() { model_id }: TinkerModelIdDto, @Req() request: Request): Promise<TinkerModelInfoDto> {
    const adapter = await this.adapters.get(model_id);
    const model = this.adapters.baseModel(adapter.baseModel);
    const tokenizer_id = tokenizerId(model, request, this.config);
    return {
      model_id,
      model_data: { arch: model.config.family, model_name: model.name, tokenizer_id },
      is_lora: true,
      lora_rank: adapter.rank,
      model_name: model.name,
    };
  }

  @Post('unload_model')
  @HttpCode(200)
  @ApiPost('api/v1/unload_model', {
    summary: 'Unload a model',
    description: 'Evicts the model from memory. Nothing is lost; the next request reloads it.',
    type: TinkerModelIdDto,
    examples: { 'a model': { model_id: 'my-model' } },
  })
  @ApiOkResponse({ type: TinkerFutureDto, description: ACCEPTED })
  @ApiMissing('model')
  async unload(@Body() { model_id }: TinkerModelIdDto): Promise<TinkerFutureDto> {
    return toTinkerFuture(await this.adapters.unload(await this.adapters.get(model_id)));
  }
}

export function toTinkerFuture({ requestId, modelId }: Accepted): TinkerFutureDto {
  return { request_id: requestId, model_id: modelId };
}
