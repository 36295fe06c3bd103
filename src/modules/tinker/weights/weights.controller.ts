import { Body, HttpCode, Post, Req } from '@nestjs/common';
import { ApiForbiddenResponse, ApiHeader, ApiOkResponse } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiMissing, ApiPost } from '../../../common/http/api-docs.js';
import { ErrorDto } from '../../../common/http/errors/error.dto.js';
import { CheckpointLibrary, CheckpointsService, parseCheckpointPath } from '../../checkpoints/index.js';
import { SamplersService } from '../../sessions/index.js';
import { readTinkerLoad, readTinkerSave, readTinkerSaveForSampler } from './checkpoint-orders.reader.js';
import { readCopyWeights } from './copy-weights.reader.js';
import { CopiedWeightsDto, CopyWeightsDto } from './dto/copy-weights.dto.js';
import { TinkerFutureDto } from '../training/dto/model.dto.js';
import {
  TinkerLoadDto,
  TinkerPathDto,
  TinkerSaveDto,
  TinkerSaveForSamplerDto,
  WeightsInfoDto,
} from './dto/weights.dto.js';
import { toTinkerFuture } from '../training/models.controller.js';
import { TinkerCopies } from './tinker-copies.js';
import { toTrainFlags } from '../training/lora-flags.js';
import { TinkerModels } from '../training/tinker-models.js';
import { ACCEPTED, TinkerController } from '../tinker-controller.decorator.js';

const CHECKPOINT = 'tinker://my-model/weights/step-10';
const IDEMPOTENCY_HEADER = 'X-Idempotency-Key';
const TOKEN_HEADER = 'X-Tinker-Weights-Access-Token';
const ApiForeignToken = () =>
  ApiForbiddenResponse({ type: ErrorDto, description: 'weights_access_token is not a key of this server.' });

/** Saving and loading, in order with a model's other operations. */
@TinkerController('weights')
export class TinkerWeightsController {
  constructor(
    private readonly checkpoints: CheckpointsService,
    private readonly library: CheckpointLibrary,
    private readonly samplers: SamplersService,
    private readonly models: TinkerModels,
    private readonly copies: TinkerCopies,
  ) {}

  @Post('save_weights')
  @HttpCode(200)
  @ApiPost('api/v1/save_weights', {
    summary: 'Save a checkpoint',
    description:
      "Saves weights and optimiser state under a name, in order with the model's other requests. The result contains the path.",
    type: TinkerSaveDto,
    examples: {
      'a name': { model_id: 'my-model', path: 'step-10', overwrite: true },
      'for a week': { model_id: 'my-model', path: 'step-11', overwrite: true, ttl_seconds: 604800 },
    },
  })
  @ApiOkResponse({ type: TinkerFutureDto, description: ACCEPTED })
  @ApiMissing('model')
  async save(@Body() body: TinkerSaveDto): Promise<TinkerFutureDto> {
    return toTinkerFuture(await this.checkpoints.save(readTinkerSave(body)));
  }

  @Post('save_weights_for_sampler')
  @HttpCode(200)
  @ApiPost('api/v1/save_weights_for_sampler', {
    summary: 'Save sampler weights',
    description:
      'Saves an immutable copy of the weights to sample from. With a name (`path`, which must be unused) the result contains the path; without ' +
      'one, it is a sampling session for these weights, in the same session as the model.',
    type: TinkerSaveForSamplerDto,
    examples: {
      'a name': { model_id: 'my-model', path: 'best' },
      'without a name': { model_id: 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0' },
    },
  })
  @ApiOkResponse({ type: TinkerFutureDto, description: ACCEPTED })
  @ApiMissing('model')
  async saveForSampler(@Body() body: TinkerSaveForSamplerDto): Promise<TinkerFutureDto> {
    const order = readTinkerSaveForSampler(body);
    if (order !== null) return toTinkerFuture(await this.checkpoints.save(order));
    const saved = await this.checkpoints.saveUnnamed(body.model_id, body.seq_id ?? undefined);
    await this.samplers.createForSave(saved);
    return toTinkerFuture(saved);
  }

  @Post('load_weights')
  @HttpCode(200)
  @ApiPost('api/v1/load_weights', {
    summary: 'Load a checkpoint',
    description:
      'Loads a checkpoint into a model, or creates a model from it. The checkpoint may belong to another model, be a public one of another key, or be readable with the key in weights_access_token.',
    type: TinkerLoadDto,
    examples: {
      'into a model': { model_id: 'my-model', path: CHECKPOINT, optimizer: true },
      'a new model': {
        session_id: 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC',
        model_seq_id: 2,
        path: CHECKPOINT,
        optimizer: true,
      },
    },
  })
  @ApiOkResponse({ type: TinkerFutureDto, description: ACCEPTED })
  @ApiMissing('model, session or checkpoint')
  @ApiForeignToken()
  async load(@Body() body: TinkerLoadDto): Promise<TinkerFutureDto> {
    return toTinkerFuture(await this.models.load(readTinkerLoad(body)));
  }

  @Post('copy_weights')
  @HttpCode(200)
  @ApiPost('api/v1/copy_weights', {
    summary: 'Copy a checkpoint',
    description:
      'Keeps kind, name and metadata but not the TTL; source and copy can be deleted independently. A new ' +
      'run is created for the copy, in the given session or in a new one of the given project. A repeat returns the first copy.',
    type: CopyWeightsDto,
    examples: {
      'to a project': { source_path: CHECKPOINT, destination_project_id: 'project-1' },
      'into a session, for a week': {
        source_path: CHECKPOINT,
        session_id: 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC',
        model_seq_id: 3,
        ttl_seconds: 604800,
      },
    },
  })
  @ApiHeader({
    name: IDEMPOTENCY_HEADER,
    required: false,
    example: 'e3a1c0de-6f3b-4f0e-9a51-2d3c4b5a6978',
    description: 'Identifies a repeat if no session is given.',
  })
  @ApiOkResponse({ type: CopiedWeightsDto, description: 'The checkpoint is copied.' })
  @ApiMissing('session or checkpoint')
  @ApiForeignToken()
  async copy(@Body() body: CopyWeightsDto, @Req() request: Request): Promise<CopiedWeightsDto> {
    const headers = { accessToken: request.header(TOKEN_HEADER), idempotencyKey: request.header(IDEMPOTENCY_HEADER) };
    const copied = await this.copies.copy(readCopyWeights(body, headers));
    return { tinker_path: copied };
  }

  @Post('weights_info')
  @HttpCode(200)
  @ApiPost('api/v1/weights_info', {
    summary: 'Get information about a checkpoint',
    description: 'Returns the base model, the rank and the layers with LoRA.',
    type: TinkerPathDto,
    examples: { 'a checkpoint': { tinker_path: CHECKPOINT } },
  })
  @ApiOkResponse({ type: WeightsInfoDto, description: 'Base model and LoRA settings.' })
  @ApiMissing('checkpoint')
  async info(@Body() { tinker_path: path }: TinkerPathDto): Promise<WeightsInfoDto> {
    const { baseModel, lora } = await this.library.readable(parseCheckpointPath(path, 'tinker_path'), 'tinker_path');
    return { base_model: baseModel, is_lora: true, lora_rank: lora.rank, ...toTrainFlags(lora.targetModules) };
  }
}
