import { Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiFailures, ApiMissing, ApiPost } from '../../common/http/api-docs.js';
import { JsonBody } from '../../common/http/bodies/json-body.decorator.js';
import { LossDefinitionDto } from './dto/loss-definition.dto.js';
import { ListLossFunctionsDto, LossFunctionsDto, toLossFunctionsDto } from './dto/loss-functions.dto.js';
import { LossPreviewDto, PreviewLossDto, toLossPreviewDto } from './dto/preview-loss.dto.js';
import {
  LossDeletedDto,
  LossDetailsDto,
  LossRegisteredDto,
  toLossDetailsDto,
  toLossRegisteredDto,
} from './dto/written-loss.dto.js';
import { readLossDefinition } from './loss-definition.reader.js';
import { LossesService } from './losses.service.js';

const DPO = {
  name: 'my_dpo',
  description: 'Direct Preference Optimization over pairs of datums',
  let: {
    log_ratio: 'datum_sum(weights * (target_logprobs - reference_logprobs))',
    signed: 'where(chosen != 0, log_ratio, -log_ratio)',
    margin: 'beta * group_sum(signed, pair)',
  },
  loss: '-sum(where(chosen != 0, log_sigmoid(margin), 0))',
  metrics: { accuracy: 'sum(where(chosen != 0 and margin > 0, 1, 0)) / sum(chosen)' },
  config: { beta: { default: 0.1, min: 0 } },
  inputs: { weights: { default: 1 }, pair: { per: 'datum' }, chosen: { per: 'datum' } },
};
const SQUARES = {
  name: 'my_squares',
  loss: 'sum(weights * square(target_logprobs))',
  inputs: { weights: { default: 1 } },
};

@ApiTags('losses')
@Controller()
export class LossesController {
  constructor(private readonly losses: LossesService) {}

  @Get('loss_functions')
  @ApiOperation({
    summary: 'List loss functions',
    description:
      'Returns every loss with its inputs and config keys: the built-in ones, which are sums (not means) over tokens, and ' +
      'those you have registered, all at once or page by page. Example: ' +
      '`curl "http://127.0.0.1:8000/loss_functions?origin=own&limit=20"`',
  })
  @ApiOkResponse({ type: LossFunctionsDto, description: 'A page of results.' })
  async list(@Query() filter: ListLossFunctionsDto): Promise<LossFunctionsDto> {
    return toLossFunctionsDto(await this.losses.list(filter));
  }

  @Get('list_loss_functions')
  @ApiOperation({
    summary: 'List loss functions (alias from the original API)',
    description: 'Same as GET /loss_functions. Example: `curl http://127.0.0.1:8000/list_loss_functions`',
  })
  @ApiOkResponse({ type: LossFunctionsDto, description: 'A page of results.' })
  listLossFunctions(@Query() filter: ListLossFunctionsDto): Promise<LossFunctionsDto> {
    return this.list(filter);
  }

  @Post('loss_functions')
  @ApiPost('loss_functions', {
    summary: 'Register a formula loss',
    description:
      'From then on, loss_fn accepts its name for your key, on every route and from the Tinker SDK. Registering a ' +
      'name again creates a new version; `name@1` remains the first. The formulas are checked, with errors that point to ' +
      'the character, and the gradient is compared with finite differences. Every name that is defined neither in ' +
      '"let" nor in "config" is an input.',
    type: LossDefinitionDto,
    examples: { 'DPO over pairs': DPO, 'a single formula': SQUARES },
  })
  @ApiFailures()
  @ApiCreatedResponse({ type: LossRegisteredDto, description: 'The loss is registered and can be used immediately.' })
  async register(@JsonBody() body: unknown): Promise<LossRegisteredDto> {
    return toLossRegisteredDto(await this.losses.register(readLossDefinition(body)));
  }

  @Post('loss_functions/preview')
  @HttpCode(200)
  @ApiPost('loss_functions/preview', {
    summary: 'Preview a loss',
    description:
      'Computes value, gradient and metrics of a loss for the given log-probs, without a model. Nothing is registered.',
    type: PreviewLossDto,
    examples: {
      'a definition': { definition: SQUARES, data: [{ target_logprobs: [-1.2, -0.3] }] },
      'by name': {
        loss_fn: 'importance_sampling',
        data: [{ target_logprobs: [-1, -2], loss_fn_inputs: { logprobs: [-1.1, -2], advantages: [1, 1] } }],
      },
    },
  })
  @ApiFailures()
  @ApiOkResponse({ type: LossPreviewDto, description: 'Value, gradient and metrics.' })
  async preview(@JsonBody() body: unknown): Promise<LossPreviewDto> {
    const { result, batch } = await this.losses.preview(body);
    return toLossPreviewDto(result, batch);
  }

  @Get('loss_functions/:name')
  @ApiOperation({
    summary: 'Get a loss function',
    description:
      'Returns the loss with its formulas and versions; `my_dpo@1` is version 1. Example: ' +
      '`curl http://127.0.0.1:8000/loss_functions/cross_entropy`',
  })
  @ApiParam({ name: 'name', example: 'cross_entropy', description: 'Name of the loss, or name@version.' })
  @ApiOkResponse({ type: LossDetailsDto, description: 'The loss.' })
  @ApiMissing('loss')
  async get(@Param('name') name: string): Promise<LossDetailsDto> {
    return toLossDetailsDto(await this.losses.get(name));
  }

  @Delete('loss_functions/:name')
  @ApiOperation({
    summary: 'Delete a formula loss',
    description:
      'Deletes all versions. Accepted requests still use the version they were sent with. Example: ' +
      '`curl -X DELETE http://127.0.0.1:8000/loss_functions/my_dpo`',
  })
  @ApiParam({ name: 'name', example: 'my_dpo', description: 'Name of the loss.' })
  @ApiOkResponse({ type: LossDeletedDto, description: 'The loss is deleted.' })
  @ApiMissing('loss')
  async delete(@Param('name') name: string): Promise<LossDeletedDto> {
    return { name, status: 'deleted', versions: await this.losses.delete(name) };
  }
}
