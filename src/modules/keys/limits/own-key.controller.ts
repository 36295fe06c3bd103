import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { OwnKey } from '../own-key.js';
import { MyKeyDto, toMyKeyDto } from './own-key.dto.js';
import { OwnLimits } from './own-limits.service.js';

@ApiTags('service')
@Controller('keys')
export class OwnKeyController {
  constructor(
    private readonly key: OwnKey,
    private readonly limits: OwnLimits,
  ) {}

  @Get('me')
  @ApiOperation({
    summary: 'Get your own key',
    description:
      'Returns its scopes, its limits and what is left of them. Example: `curl http://127.0.0.1:8000/keys/me`',
  })
  @ApiOkResponse({ type: MyKeyDto, description: 'The key that the request was sent with.' })
  async describe(): Promise<MyKeyDto> {
    return toMyKeyDto(await this.key.describe(), await this.limits.list());
  }
}
