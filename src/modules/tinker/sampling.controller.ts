import { Body, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { SamplersService } from '../sessions/index.js';
import {
  AsampleAcceptedDto,
  AsampleDto,
  CreateSamplingSessionDto,
  SamplerDto,
  SamplingSessionDto,
} from './dto/sampling.dto.js';
import { toTinkerFuture } from './models.controller.js';
import { TinkerSampling } from './tinker-sampling.js';
import { TinkerController } from './tinker.controller-kind.js';

/** Sampling. */
@TinkerController()
export class TinkerSamplingController {
  constructor(
    private readonly samplers: SamplersService,
    private readonly sampling: TinkerSampling,
  ) {}

  /**
   * Pin weights to sample from
   * @remarks Later training does not change them. Example: `curl -X POST http://127.0.0.1:8000/api/v1/create_sampling_session -H "Content-Type: application/json" -d '{"session_id": "session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC", "sampling_session_seq_id": 0, "base_model": "HuggingFaceTB/SmolLM2-135M-Instruct"}'`
   */
  @Post('create_sampling_session')
  @HttpCode(200)
  @ApiOkResponse({ type: SamplingSessionDto })
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
  @ApiOkResponse({ type: SamplerDto })
  async get(@Param('sampler_id') samplerId: string): Promise<SamplerDto> {
    const { id, baseModel, modelPath } = await this.samplers.get(samplerId);
    return { sampler_id: id, base_model: baseModel, model_path: modelPath };
  }

  /**
   * Sample
   * @remarks Example: `curl -X POST http://127.0.0.1:8000/api/v1/asample -H "Content-Type: application/json" -d '{"sampling_session_id": "sampler_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC", "seq_id": 0, "prompt": {"chunks": [{"type": "encoded_text", "tokens": [1, 2, 3]}]}, "sampling_params": {"max_tokens": 16}}'`
   */
  @Post('asample')
  @HttpCode(200)
  @ApiOkResponse({ type: AsampleAcceptedDto })
  async sample(@Body() body: AsampleDto): Promise<AsampleAcceptedDto> {
    const future = toTinkerFuture(await this.sampling.submit(body));
    const count = body.num_samples ?? 1;
    return { ...future, sample_sequence_ids: Array.from({ length: count }, (_, i) => `${future.request_id}:${i}`) };
  }
}
