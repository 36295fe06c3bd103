import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiPost } from '../../../common/http/api-docs.js';
import { HandedOverDto, HandOverDto, OwnersDto, toBelongingsDto } from './owners.dto.js';
import { OwnersService } from './owners.service.js';

/** Who owns what, for operators: the key gate lets nobody else come to /admin. */
@ApiTags('admin')
@Controller('admin')
export class OwnersController {
  constructor(private readonly owners: OwnersService) {}

  @Get('owners')
  @ApiOperation({
    summary: 'List the owners',
    description:
      'Every key that owns something, and what was made without keys. Needs one of ADMIN_KEYS. ' +
      'Example: `curl http://127.0.0.1:8000/admin/owners`',
  })
  @ApiOkResponse({ type: OwnersDto, description: 'The owners.' })
  async list(): Promise<OwnersDto> {
    const owners = await this.owners.list();
    return { owners: owners.map(({ owner, name, belongings }) => ({ owner, name, ...toBelongingsDto(belongings) })) };
  }

  @Post('hand_over')
  @HttpCode(200)
  @ApiPost('admin/hand_over', {
    summary: 'Hand over what belongs to a key',
    description:
      'Gives everything that belongs to one key, or was made without keys, to another key: adapters, checkpoints, ' +
      'sessions, losses, requests and usage. Where both have a thing of the same name, nothing changes hands. Needs ' +
      'one of ADMIN_KEYS.',
    type: HandOverDto,
    examples: { 'what was made without keys': { from: '', to: 'alice' } },
  })
  @ApiOkResponse({ type: HandedOverDto, description: 'What changed hands.' })
  async handOver(@Body() { from, to }: HandOverDto): Promise<HandedOverDto> {
    const { owner, belongings } = await this.owners.handOver(from, to);
    return { owner, ...toBelongingsDto(belongings) };
  }
}
