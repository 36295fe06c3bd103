import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiInvalid } from '../../common/http/api-docs.js';
import { AdaptersService } from './adapters.service.js';
import { DEFAULT_ADAPTERS_LIMIT, ListAllAdaptersDto, OwnedAdapterListDto, toAdapterDto } from './dto/adapter.dto.js';

/** The adapters of all keys, for operators: the key gate lets nobody else come to /admin. */
@ApiTags('admin')
@Controller('admin')
export class AllAdaptersController {
  constructor(private readonly adapters: AdaptersService) {}

  @Get('adapters')
  @ApiOperation({
    summary: 'List the adapters of all keys',
    description:
      'Returns the adapters of all keys with their owners, newest first and page by page, optionally filtered by owner ' +
      'or name. Requires one of ADMIN_KEYS. ' +
      'Example: `curl "http://127.0.0.1:8000/admin/adapters?limit=20"`',
  })
  @ApiInvalid()
  @ApiOkResponse({ type: OwnedAdapterListDto, description: 'A page of results.' })
  async list(
    @Query() { limit = DEFAULT_ADAPTERS_LIMIT, cursor, owner, search }: ListAllAdaptersDto,
  ): Promise<OwnedAdapterListDto> {
    const { adapters, nextCursor } = await this.adapters.listOf({ owner, search }, limit, cursor);
    return {
      adapters: adapters.map(({ adapter, busy }) => ({
        ...toAdapterDto(adapter, busy),
        adapter_id: adapter.id,
        owner: adapter.owner,
      })),
      next_cursor: nextCursor,
    };
  }
}
