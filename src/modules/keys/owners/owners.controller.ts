import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiMissing, ApiPost } from '../../../common/http/api-docs.js';
import {
  AdapterHandedOverDto,
  AdapterHandOverDto,
  HandedOverDto,
  HandOverDto,
  OwnersDto,
  toBelongingsDto,
  toOwnerDto,
} from './owners.dto.js';
import { USAGE_DAYS } from './owner-totals.js';
import { OwnersService } from './owners.service.js';

/** Who owns what, for operators: the key gate lets nobody else come to /admin. */
@ApiTags('admin')
@Controller('admin')
export class OwnersController {
  constructor(private readonly owners: OwnersService) {}

  @Get('owners')
  @ApiOperation({
    summary: 'List owners',
    description:
      'Returns every key that owns resources, and the resources created without keys, with the bytes that they take and ' +
      `the usage of the last ${USAGE_DAYS} days. Requires one of ADMIN_KEYS. ` +
      'Example: `curl http://127.0.0.1:8000/admin/owners`',
  })
  @ApiOkResponse({ type: OwnersDto, description: 'The owners.' })
  async list(): Promise<OwnersDto> {
    return { owners: (await this.owners.list()).map(toOwnerDto) };
  }

  @Post('hand_over')
  @HttpCode(200)
  @ApiPost('admin/hand_over', {
    summary: 'Transfer the resources of a key',
    description:
      'Transfers all resources of one key, or those created without keys, to another key: adapters, checkpoints, ' +
      'sessions, losses, requests and usage. If both keys have a resource of the same name, nothing is transferred. Requires ' +
      'one of ADMIN_KEYS.',
    type: HandOverDto,
    examples: { 'resources created without keys': { from: '', to: 'alice' } },
  })
  @ApiOkResponse({ type: HandedOverDto, description: 'The transferred resources.' })
  async handOver(@Body() { from, to }: HandOverDto): Promise<HandedOverDto> {
    const { owner, belongings } = await this.owners.handOver(from, to);
    return { owner, ...toBelongingsDto(belongings) };
  }

  @Post('adapters/:adapter_id/hand_over')
  @HttpCode(200)
  @ApiPost('admin/adapters/adapter_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/hand_over', {
    summary: 'Transfer an adapter',
    description:
      'Transfers one adapter to another key, with its checkpoints, history and pending requests. Usage stays with the key that ' +
      'caused it. Refused if the new owner has an adapter or alias of the same name, or while a fine-tuning job trains it. ' +
      'Requires one of ADMIN_KEYS.',
    type: AdapterHandOverDto,
    examples: { 'to another key': { to: 'alice' } },
  })
  @ApiParam({
    name: 'adapter_id',
    description: 'Id of the adapter, from GET /admin/adapters.',
    example: 'adapter_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC',
  })
  @ApiMissing('adapter or key')
  @ApiOkResponse({ type: AdapterHandedOverDto, description: 'The transferred adapter.' })
  async handOverAdapter(
    @Param('adapter_id') id: string,
    @Body() { to }: AdapterHandOverDto,
  ): Promise<AdapterHandedOverDto> {
    const { owner, modelId, from, checkpoints } = await this.owners.handOverAdapter(id, to);
    return { adapter_id: id, model_id: modelId, from, owner, checkpoints };
  }
}
