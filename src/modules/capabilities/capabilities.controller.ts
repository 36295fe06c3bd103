import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CapabilitiesService } from './capabilities.service.js';
import { CapabilitiesDto, toCapabilitiesDto } from './dto/capabilities.dto.js';

@ApiTags('service')
@Controller()
export class CapabilitiesController {
  constructor(private readonly capabilities: CapabilitiesService) {}

  @Get('get_server_capabilities')
  @ApiOperation({
    summary: 'Get the capabilities of the server',
    description:
      'Returns the base models with their context lengths, the loss functions, the maximum rank, and the engine and device in use. ' +
      'Example: `curl http://127.0.0.1:8000/get_server_capabilities`',
  })
  @ApiOkResponse({ type: CapabilitiesDto, description: 'The capabilities.' })
  async describe(): Promise<CapabilitiesDto> {
    return toCapabilitiesDto(await this.capabilities.describe());
  }
}
