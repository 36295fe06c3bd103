import { Body, HttpCode, Post, Req } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiMissing, ApiPost } from '../../../common/http/api-docs.js';
import { ReadsLargeBodies } from '../../../common/http/bodies/large-body.js';
import { TrainingService } from '../../training/index.js';
import { type InputField } from '../codec/large-request.js';
import { PROTOBUF } from '../codec/wire-schema.js';
import { TinkerForwardBackwardDto, TinkerForwardDto } from './dto/forward.dto.js';
import { TinkerFutureDto } from './dto/model.dto.js';
import { TinkerOptimStepDto } from './dto/training.dto.js';
import { toTinkerFuture } from './models.controller.js';
import { readTinkerOptimStep } from './optim-step.reader.js';
import { TinkerTrainingReader } from './training-order.reader.js';
import { ACCEPTED, TinkerController } from '../tinker-controller.decorator.js';

const MODEL_INPUT = { chunks: [{ type: 'encoded_text', tokens: [1, 2, 3] }] };
const TARGETS = { data: [2, 3, 4], dtype: 'int64', shape: [3] };
const DATUMS = [{ model_input: MODEL_INPUT, loss_fn_inputs: { target_tokens: TARGETS } }];
const ROLLOUTS = [
  {
    model_input: MODEL_INPUT,
    loss_fn_inputs: {
      target_tokens: TARGETS,
      logprobs: { data: [-2, -2, -2], dtype: 'float32', shape: [3] },
      advantages: { data: [0, 1, 1], dtype: 'float32', shape: [3] },
    },
  },
];

/** Training. Requests run in the order in which they arrive; nothing ever waits for a number that is missing. */
@TinkerController('training')
export class TinkerTrainingController {
  constructor(
    private readonly training: TrainingService,
    private readonly reader: TinkerTrainingReader,
  ) {}

  @Post('forward_backward')
  @ReadsLargeBodies()
  @HttpCode(200)
  @ApiConsumes('application/json', PROTOBUF)
  @ApiPost('api/v1/forward_backward', {
    summary: 'Run a forward and backward pass',
    description:
      'Gradients accumulate until optim_step applies them. The body is JSON or protobuf ' +
      '(tinker_public.ForwardBackwardRequest; `forward_only` skips the gradients), depending on Content-Type.',
    type: TinkerForwardBackwardDto,
    examples: {
      'cross entropy': { model_id: 'my-model', forward_backward_input: { data: DATUMS, loss_fn: 'cross_entropy' } },
      'importance sampling': {
        model_id: 'my-model',
        forward_backward_input: { data: ROLLOUTS, loss_fn: 'importance_sampling' },
      },
    },
  })
  @ApiOkResponse({ type: TinkerFutureDto, description: ACCEPTED })
  @ApiMissing('model')
  forwardBackward(@Req() request: Request): Promise<TinkerFutureDto> {
    return this.submit(request.body, 'forward_backward_input');
  }

  @Post('forward')
  @ReadsLargeBodies()
  @HttpCode(200)
  @ApiConsumes('application/json', PROTOBUF)
  @ApiPost('api/v1/forward', {
    summary: 'Run a forward pass',
    description:
      'Returns loss and log-probs. Used by SDKs up to 0.24.1; newer ones send forward_backward with `forward_only`.',
    type: TinkerForwardDto,
    examples: { 'cross entropy': { model_id: 'my-model', forward_input: { data: DATUMS, loss_fn: 'cross_entropy' } } },
  })
  @ApiOkResponse({ type: TinkerFutureDto, description: ACCEPTED })
  @ApiMissing('model')
  forward(@Req() request: Request): Promise<TinkerFutureDto> {
    return this.submit(request.body, 'forward_input');
  }

  @Post('optim_step')
  @HttpCode(200)
  @ApiPost('api/v1/optim_step', {
    summary: 'Run an optimiser step',
    description:
      'Applies the gradients with AdamW and clears them. Settings may change on every call; the defaults are those of the SDK.',
    type: TinkerOptimStepDto,
    examples: { 'a step': { model_id: 'my-model', adam_params: { learning_rate: 0.0001 } } },
  })
  @ApiOkResponse({ type: TinkerFutureDto, description: ACCEPTED })
  @ApiMissing('model')
  async optimStep(@Body() body: TinkerOptimStepDto): Promise<TinkerFutureDto> {
    return toTinkerFuture(await this.training.optimStep(readTinkerOptimStep(body)));
  }

  private async submit(body: unknown, input: InputField): Promise<TinkerFutureDto> {
    return toTinkerFuture(await this.training.submit(await this.reader.read(body, input)));
  }
}
