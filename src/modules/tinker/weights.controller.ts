import { Body, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { CheckpointLibrary, CheckpointsService, parseCheckpointPath } from '../checkpoints/index.js';
import { SamplersService } from '../sessions/index.js';
import { TinkerFutureDto, toTrainFlags } from './dto/model.dto.js';
import {
  TinkerLoadDto,
  TinkerPathDto,
  TinkerSaveDto,
  TinkerSaveForSamplerDto,
  WeightsInfoDto,
} from './dto/weights.dto.js';
import { toTinkerFuture } from './models.controller.js';
import { TinkerModels } from './tinker-models.js';
import { TinkerController } from './tinker.controller-kind.js';

/** Saving and loading, each in its place among a model's steps. */
@TinkerController()
export class TinkerWeightsController {
  constructor(
    private readonly checkpoints: CheckpointsService,
    private readonly library: CheckpointLibrary,
    private readonly samplers: SamplersService,
    private readonly models: TinkerModels,
  ) {}

  /**
   * Save weights and optimiser state under a name
   * @remarks Example: `curl -X POST http://127.0.0.1:8000/api/v1/save_weights -H "Content-Type: application/json" -d '{"model_id": "session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0", "seq_id": 3, "path": "step-10"}'`
   */
  @Post('save_weights')
  @HttpCode(200)
  @ApiOkResponse({ type: TinkerFutureDto })
  async save(@Body() { user_metadata: userMetadata, ...body }: TinkerSaveDto): Promise<TinkerFutureDto> {
    return toTinkerFuture(await this.checkpoints.save(body, userMetadata ?? undefined));
  }

  /**
   * Save weights to sample from
   * @remarks Without a name (`path`) the result is a sampling session that is pinned to them. Example: `curl -X POST http://127.0.0.1:8000/api/v1/save_weights_for_sampler -H "Content-Type: application/json" -d '{"model_id": "session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0", "seq_id": 4, "path": "best"}'`
   */
  @Post('save_weights_for_sampler')
  @HttpCode(200)
  @ApiOkResponse({ type: TinkerFutureDto })
  async saveForSampler(
    @Body() { user_metadata: userMetadata, ...body }: TinkerSaveForSamplerDto,
  ): Promise<TinkerFutureDto> {
    if ((body.path ?? undefined) !== undefined) {
      return toTinkerFuture(await this.checkpoints.saveForSampler(body, userMetadata ?? undefined));
    }
    const saved = await this.checkpoints.saveUnnamed(body.model_id, body.seq_id ?? undefined);
    await this.samplers.createForSave(saved);
    return toTinkerFuture(saved);
  }

  /**
   * Load a checkpoint into a model
   * @remarks Also another model's, and a public one of another key. Example: `curl -X POST http://127.0.0.1:8000/api/v1/load_weights -H "Content-Type: application/json" -d '{"model_id": "session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0", "seq_id": 1, "path": "tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0/weights/step-10", "optimizer": true}'`
   */
  @Post('load_weights')
  @HttpCode(200)
  @ApiOkResponse({ type: TinkerFutureDto })
  async load(@Body() body: TinkerLoadDto): Promise<TinkerFutureDto> {
    return toTinkerFuture(await this.models.load(body));
  }

  /**
   * What a checkpoint was made with
   * @remarks Example: `curl -X POST http://127.0.0.1:8000/api/v1/weights_info -H "Content-Type: application/json" -d '{"tinker_path": "tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0/weights/step-10"}'`
   */
  @Post('weights_info')
  @HttpCode(200)
  @ApiOkResponse({ type: WeightsInfoDto })
  async info(@Body() { tinker_path: path }: TinkerPathDto): Promise<WeightsInfoDto> {
    const { baseModel, lora } = await this.library.readable(parseCheckpointPath(path, 'tinker_path'), 'tinker_path');
    return { base_model: baseModel, is_lora: true, lora_rank: lora.rank, ...toTrainFlags(lora) };
  }
}
