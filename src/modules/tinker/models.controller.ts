import { Body, HttpCode, Post, Req } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import type { Request } from 'express';
import { AdaptersService } from '../adapters/index.js';
import { type Accepted } from '../futures/index.js';
import { CreateModelDto, TinkerFutureDto, TinkerModelIdDto, TinkerModelInfoDto } from './dto/model.dto.js';
import { TinkerModels } from './tinker-models.js';
import { TinkerController } from './tinker.controller-kind.js';
import { tokenizerId } from './tokenizer-location.js';

/** Models of the Tinker API: adapters of ours with names that follow from their session. */
@TinkerController()
export class TinkerModelsController {
  constructor(
    private readonly models: TinkerModels,
    private readonly adapters: AdaptersService,
  ) {}

  /**
   * Make a model to train
   * @remarks Its id is `<session_id>:train:<model_seq_id>`. Example: `curl -X POST http://127.0.0.1:8000/api/v1/create_model -H "Content-Type: application/json" -d '{"session_id": "session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC", "model_seq_id": 0, "base_model": "HuggingFaceTB/SmolLM2-135M-Instruct", "lora_config": {"rank": 16}}'`
   */
  @Post('create_model')
  @HttpCode(200)
  @ApiOkResponse({ type: TinkerFutureDto })
  async create(@Body() body: CreateModelDto): Promise<TinkerFutureDto> {
    return toTinkerFuture(await this.models.create(body));
  }

  /**
   * What a model is
   * @remarks Example: `curl -X POST http://127.0.0.1:8000/api/v1/get_info -H "Content-Type: application/json" -d '{"model_id": "session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0"}'`
   */
  @Post('get_info')
  @HttpCode(200)
  @ApiOkResponse({ type: TinkerModelInfoDto })
  async info(@Body() { model_id }: TinkerModelIdDto, @Req() request: Request): Promise<TinkerModelInfoDto> {
    const adapter = await this.adapters.get(model_id);
    const model = this.adapters.baseModel(adapter.baseModel);
    const tokenizer_id = tokenizerId(model, request.socket.remoteAddress);
    return {
      model_id,
      model_data: { arch: model.config.family, model_name: model.name, tokenizer_id },
      ...{ is_lora: true, lora_rank: adapter.rank, model_name: model.name },
    };
  }

  /**
   * Free a model's memory
   * @remarks Nothing is lost: the next request brings it back. Example: `curl -X POST http://127.0.0.1:8000/api/v1/unload_model -H "Content-Type: application/json" -d '{"model_id": "session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0"}'`
   */
  @Post('unload_model')
  @HttpCode(200)
  @ApiOkResponse({ type: TinkerFutureDto })
  async unload(@Body() { model_id }: TinkerModelIdDto): Promise<TinkerFutureDto> {
    return toTinkerFuture(await this.adapters.unload(await this.adapters.get(model_id)));
  }
}

export function toTinkerFuture({ requestId, modelId }: Accepted): TinkerFutureDto {
  return { request_id: requestId, model_id: modelId };
}
