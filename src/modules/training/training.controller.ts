import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiPost } from '../../common/http/api-docs.js';
import { ReadsLargeBodies } from '../../common/http/bodies/large-body.js';
import { type Accepted } from '../futures/index.js';
import { AcceptedDto } from './dto/accepted.dto.js';
import { ForwardBodyPipe } from './dto/forward-body.pipe.js';
import { type ForwardBody, ForwardDto } from './dto/forward.dto.js';
import { JsonBody } from '../../common/http/bodies/json-body.decorator.js';
import { OptimStepDto } from './dto/optim-step.dto.js';
import { readOptimStep } from './readers/optim-step.reader.js';
import { TrainingOrderReader } from './readers/training-order.reader.js';
import { TrainingService } from './training.service.js';

const ACCEPTED = 'Accepted; POST /retrieve_future with the request_id returns the result.';
const CHATS = [
  [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hi there!' },
  ],
];
const DATUMS = [
  {
    model_input: { chunks: [{ type: 'encoded_text', tokens: [1, 2, 3] }] },
    loss_fn_inputs: { target_tokens: { data: [2, 3, 4], dtype: 'int64', shape: [3] }, weights: [0, 1, 1] },
  },
];
const EXAMPLES = {
  'a conversation': { model_id: 'my-model', data: CHATS, loss_fn: 'cross_entropy', train_on: 'assistant' },
  'PPO on a conversation': {
    model_id: 'my-model',
    data: CHATS,
    loss_fn: 'ppo',
    train_on: 'assistant',
    loss_fn_inputs: { logprobs: [-2], advantages: [0.9] },
  },
  'tokens as in the Tinker API': { model_id: 'my-model', data: DATUMS, loss_fn: 'cross_entropy' },
};

@ApiTags('training')
@Controller()
export class TrainingController {
  constructor(
    private readonly training: TrainingService,
    private readonly reader: TrainingOrderReader,
  ) {}

  @Post('fwdbwd')
  @ReadsLargeBodies()
  @HttpCode(200)
  @ApiPost('fwdbwd', {
    summary: 'Run a forward and backward pass',
    description:
      'Returns a request id immediately; POST /retrieve_future returns loss, metrics and log-probs. Gradients accumulate ' +
      'over calls until POST /optim_step applies them. An unknown model_id creates an adapter.',
    type: ForwardDto,
    examples: EXAMPLES,
  })
  @ApiOkResponse({ type: AcceptedDto, description: ACCEPTED })
  async forwardBackward(@JsonBody(ForwardBodyPipe) body: ForwardBody): Promise<AcceptedDto> {
    return toAcceptedDto(await this.training.submit(this.reader.read('forward_backward', body)));
  }

  @Post('fwd')
  @ReadsLargeBodies()
  @HttpCode(200)
  @ApiPost('fwd', {
    summary: 'Run a forward pass',
    description: 'Computes loss, metrics and log-probs without changing gradients. model_id may also be a base model.',
    type: ForwardDto,
    examples: EXAMPLES,
  })
  @ApiOkResponse({ type: AcceptedDto, description: ACCEPTED })
  async forward(@JsonBody(ForwardBodyPipe) body: ForwardBody): Promise<AcceptedDto> {
    return toAcceptedDto(await this.training.submit(this.reader.read('forward', body)));
  }

  @Post('optim_step')
  @HttpCode(200)
  @ApiPost('optim_step', {
    summary: 'Run an optimiser step',
    description:
      'Applies the gradients with AdamW, as in PyTorch, and clears them. The result contains metrics (step, grad_norm, update_norm, ' +
      'weight_norm, learning_rate) and the digest of the adapter after the step. A step that would make weights or moments ' +
      'NaN or infinite is rejected with non_finite_update or non_finite_gradient. If the gradients are the cause ' +
      '(details.at_fault), they are dropped, so that training can continue; otherwise they are kept for another optim_step.',
    type: OptimStepDto,
    examples: { 'a step': { model_id: 'my-model', adam_params: { learning_rate: 0.0005 } } },
  })
  @ApiOkResponse({ type: AcceptedDto, description: ACCEPTED })
  async optimStep(@Body() body: OptimStepDto): Promise<AcceptedDto> {
    return toAcceptedDto(await this.training.optimStep(readOptimStep(body)));
  }
}

function toAcceptedDto({ requestId, modelId }: Accepted): AcceptedDto {
  return { request_id: requestId, model_id: modelId };
}
