import { Body, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse } from '@nestjs/swagger';
import type { Request } from 'express';
import { TrainingService } from '../training/index.js';
import { toDatumBatch } from './codec/datum-batch.js';
import { readJsonRequest } from './codec/json-request.js';
import { readProtoRequest, type WireForwardRequest } from './codec/proto-request.js';
import { PROTOBUF } from './codec/wire-schema.js';
import { TinkerFutureDto } from './dto/model.dto.js';
import { TinkerForwardDto, TinkerOptimStepDto, toOptimStep } from './dto/training.dto.js';
import { toTinkerFuture } from './models.controller.js';
import { TinkerController } from './tinker.controller-kind.js';

/** Training. Requests run in the order in which they arrive; nothing ever waits for a number that is missing. */
@TinkerController()
export class TinkerTrainingController {
  constructor(private readonly training: TrainingService) {}

  /**
   * Forward and backward: add to a model's gradients
   * @remarks Protobuf (tinker_public.ForwardBackwardRequest; with `forward_only` no gradients) or JSON, by Content-Type. Example: `curl -X POST http://127.0.0.1:8000/api/v1/forward_backward -H "Content-Type: application/json" -d '{"model_id": "session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0", "seq_id": 1, "forward_backward_input": {"data": [{"model_input": {"chunks": [{"type": "encoded_text", "tokens": [1, 2, 3]}]}, "loss_fn_inputs": {"target_tokens": {"data": [2, 3, 4], "dtype": "int64", "shape": [3]}}}], "loss_fn": "cross_entropy"}}'`
   */
  @Post('forward_backward')
  @HttpCode(200)
  @ApiConsumes('application/json', PROTOBUF)
  @ApiBody({ type: TinkerForwardDto })
  @ApiOkResponse({ type: TinkerFutureDto })
  forwardBackward(@Req() request: Request): Promise<TinkerFutureDto> {
    const body: unknown = request.body;
    return this.submit(
      Buffer.isBuffer(body) ? readProtoRequest(body) : readJsonRequest(body, 'forward_backward_input'),
    );
  }

  /**
   * Forward only: loss and log-probs
   * @remarks For SDKs up to 0.24.1; newer ones send forward_backward with `forward_only`. The body has `forward_input` in place of `forward_backward_input`. Example: see POST /api/v1/forward_backward
   */
  @Post('forward')
  @HttpCode(200)
  @ApiBody({ type: TinkerForwardDto })
  @ApiOkResponse({ type: TinkerFutureDto })
  forward(@Req() request: Request): Promise<TinkerFutureDto> {
    const body: unknown = request.body;
    return this.submit(
      Buffer.isBuffer(body) ? { ...readProtoRequest(body), forwardOnly: true } : readJsonRequest(body, 'forward_input'),
    );
  }

  /**
   * Apply the gradients with AdamW and clear them
   * @remarks Example: `curl -X POST http://127.0.0.1:8000/api/v1/optim_step -H "Content-Type: application/json" -d '{"model_id": "session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0", "seq_id": 2, "adam_params": {"learning_rate": 0.0001}}'`
   */
  @Post('optim_step')
  @HttpCode(200)
  @ApiOkResponse({ type: TinkerFutureDto })
  async optimStep(@Body() body: TinkerOptimStepDto): Promise<TinkerFutureDto> {
    return toTinkerFuture(await this.training.optimStep(toOptimStep(body)));
  }

  private async submit({ data, forwardOnly, ...request }: WireForwardRequest): Promise<TinkerFutureDto> {
    const accepted = await this.training.submitDatums({
      ...request,
      kind: forwardOnly ? 'forward' : 'forward_backward',
      read: (context) => toDatumBatch(data, context),
    });
    return toTinkerFuture(accepted);
  }
}
