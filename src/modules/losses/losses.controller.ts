import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { LossFunctionsDto, toLossFunctionsDto } from './dto/loss-functions.dto.js';
import { LossRegistry } from './loss-registry.js';

@ApiTags('losses')
@Controller()
export class LossesController {
  constructor(private readonly losses: LossRegistry) {}

  @Get('loss_functions')
  @ApiOperation({
    summary: 'List the loss functions',
    description:
      'Every loss with its inputs and config keys. All losses are sums over tokens, never means. ' +
      'Example: `curl http://127.0.0.1:8000/loss_functions`',
  })
  @ApiOkResponse({ type: LossFunctionsDto, description: 'All of them.' })
  list(): LossFunctionsDto {
    return toLossFunctionsDto(this.losses.list());
  }

  @Get('list_loss_functions')
  @ApiOperation({
    summary: 'List the loss functions (name of the original API)',
    description: 'Same as GET /loss_functions. Example: `curl http://127.0.0.1:8000/list_loss_functions`',
  })
  @ApiOkResponse({ type: LossFunctionsDto, description: 'All of them.' })
  listLossFunctions(): LossFunctionsDto {
    return this.list();
  }
}
