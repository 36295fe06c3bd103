import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Accepted } from '../futures/index.js';
import { AcceptedDto } from './dto/accepted.dto.js';
import { ForwardBodyPipe } from './dto/forward-body.pipe.js';
import { type ForwardBody, ForwardDto } from './dto/forward.dto.js';
import { JsonBody } from './dto/json-body.decorator.js';
import { OptimStepDto } from './dto/optim-step.dto.js';
import { TrainingService } from './training.service.js';

const CURL = (route: string, body: string): string =>
  `Example: \`curl -X POST http://127.0.0.1:8000/${route} -H "Content-Type: application/json" -d '${body}'\``;
const CHAT =
  '{"model_id": "my-model", "data": [[{"role": "user", "content": "Hello"}, ' +
  '{"role": "assistant", "content": "Hi there!"}]], "loss_fn": "cross_entropy"}';

@ApiTags('training')
@Controller()
export class TrainingController {
  constructor(private readonly training: TrainingService) {}

  @Post('fwdbwd')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Forward and backward: add to the gradients of an adapter',
    description:
      'Answers with a request id at once; POST /retrieve_future gives loss, metrics and log-probs. Gradients add up ' +
      `over calls until POST /optim_step applies them. An unknown model_id makes an adapter. ${CURL('fwdbwd', CHAT)}`,
  })
  @ApiBody({ type: ForwardDto })
  @ApiOkResponse({ type: AcceptedDto })
  async forwardBackward(@JsonBody(ForwardBodyPipe) body: ForwardBody): Promise<AcceptedDto> {
    return toAcceptedDto(await this.training.forwardBackward(body));
  }

  @Post('fwd')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Forward only: loss, metrics and log-probs',
    description: `Never touches gradients. Also on a base model, by its name. ${CURL('fwd', CHAT)}`,
  })
  @ApiBody({ type: ForwardDto })
  @ApiOkResponse({ type: AcceptedDto })
  async forward(@JsonBody(ForwardBodyPipe) body: ForwardBody): Promise<AcceptedDto> {
    return toAcceptedDto(await this.training.forward(body));
  }

  @Post('optim_step')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Apply the gradients with AdamW and clear them',
    description:
      "AdamW as in PyTorch. The future's result has metrics: step, grad_norm, update_norm, weight_norm, learning_rate. " +
      CURL('optim_step', '{"model_id": "my-model", "adam_params": {"learning_rate": 0.0005}}'),
  })
  @ApiBody({ type: OptimStepDto })
  @ApiOkResponse({ type: AcceptedDto })
  async optimStep(@Body() body: OptimStepDto): Promise<AcceptedDto> {
    return toAcceptedDto(await this.training.optimStep(body));
  }
}

function toAcceptedDto({ requestId, modelId }: Accepted): AcceptedDto {
  return { request_id: requestId, model_id: modelId };
}
