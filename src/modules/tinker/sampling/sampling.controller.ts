import { Body, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiParam } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiMissing, ApiPost } from '../../../common/http/api-docs.js';
import { exactSeqId } from '../../../common/http/validation/exact-integers.js';
import { GenerationService } from '../../generation/index.js';
import { SamplersService } from '../../sessions/index.js';
import { AsampleReader } from './asample.reader.js';
import {
  AsampleAcceptedDto,
  AsampleDto,
  CreateSamplingSessionDto,
  SamplerDto,
  SamplingSessionDto,
} from './dto/sampling.dto.js';
import { toTinkerFuture } from '../training/models.controller.js';
import { ACCEPTED, TinkerController } from '../tinker-controller.decorator.js';

const SESSION = 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC';
const BASE_MODEL = 'HuggingFaceTB/SmolLM2-135M-Instruct';
const CHECKPOINT = 'tinker://my-model/sampler_weights/best';
const PROMPT = { chunks: [{ type: 'encoded_text', tokens: [1, 2, 3] }] };

/** Sampling. */
@TinkerController('sampling')
export class TinkerSamplingController {
  constructor(
    private readonly samplers: SamplersService,
    private readonly reader: AsampleReader,
    private readonly generation: GenerationService,
  ) {}

  @Post('create_sampling_session')
  @HttpCode(200)
  @ApiPost('api/v1/create_sampling_session', {
    summary: 'Create a sampling session',
    description: 'Samples from a base model or a checkpoint. Later training does not affect it.',
    type: CreateSamplingSessionDto,
    examples: {
      'a base model': { session_id: SESSION, sampling_session_seq_id: 0, base_model: BASE_MODEL },
      'a checkpoint': { session_id: SESSION, sampling_session_seq_id: 1, model_path: CHECKPOINT },
    },
  })
  @ApiOkResponse({ type: SamplingSessionDto, description: 'The sampling session is ready.' })
  @ApiMissing('session, base model or checkpoint')
  async create(@Body() body: CreateSamplingSessionDto): Promise<SamplingSessionDto> {
    const { id } = await this.samplers.create({
      sessionId: body.session_id,
      seqId: body.sampling_session_seq_id,
      baseModel: body.base_model ?? undefined,
      modelPath: body.model_path ?? undefined,
    });
    return { sampling_session_id: id };
  }

  /**
   * What a sampling session samples from
   * @remarks Example: `curl http://127.0.0.1:8000/api/v1/samplers/sampler_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC`
   */
  @Get('samplers/:sampler_id')
  @ApiParam({
    name: 'sampler_id',
    example: 'sampler_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC',
    description: 'Id of the sampling session.',
  })
  @ApiOkResponse({ type: SamplerDto, description: 'Base model and checkpoint of the sampling session.' })
  @ApiMissing('sampling session')
  async get(@Param('sampler_id') samplerId: string): Promise<SamplerDto> {
    const { id, baseModel, modelPath } = await this.samplers.get(samplerId);
    return { sampler_id: id, base_model: baseModel, model_path: modelPath };
  }

  @Post('asample')
  @HttpCode(200)
  @ApiPost('api/v1/asample', {
    summary: 'Sample',
    description:
      'Samples from a sampling session, a checkpoint or a base model; pass one of them. The result contains ' +
      'tokens and their log-probs.',
    type: AsampleDto,
    examples: {
      'from a base model': { base_model: BASE_MODEL, prompt: PROMPT, sampling_params: { max_tokens: 16 } },
      'from a sampling session': {
        sampling_session_id: 'sampler_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC',
        prompt: PROMPT,
        num_samples: 2,
        sampling_params: { max_tokens: 16, temperature: 0.7, seed: 42 },
      },
      'log-probs of a prompt': {
        model_path: CHECKPOINT,
        prompt: PROMPT,
        sampling_params: { max_tokens: 1 },
        prompt_logprobs: true,
        topk_prompt_logprobs: 2,
      },
    },
  })
  @ApiOkResponse({ type: AsampleAcceptedDto, description: ACCEPTED })
  @ApiMissing('sampling session, checkpoint or base model')
  async sample(@Body() body: AsampleDto, @Req() request: Request): Promise<AsampleAcceptedDto> {
    const digits = exactSeqId(request, body.seq_id ?? 0);
    const future = toTinkerFuture(await this.generation.submit(await this.reader.read(body, digits)));
    const count = body.num_samples ?? 1;
    return { ...future, sample_sequence_ids: Array.from({ length: count }, (_, i) => `${future.request_id}:${i}`) };
  }
}
