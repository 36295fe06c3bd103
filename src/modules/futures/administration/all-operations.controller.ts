import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiInvalid, ApiMissing } from '../../../common/http/api-docs.js';
import { nextCursor } from '../../../common/pages/next-cursor.js';
import { DEFAULT_FUTURES_LIMIT, OwnedFutureDto, toOwnedFutureDto } from '../dto/future.dto.js';
import { FuturesService } from '../futures.service.js';
import { ListAllOperationsDto, OperationListDto } from './all-operations.dto.js';

const URL = 'http://127.0.0.1:8000/admin/operations';

/** The operations of all keys, for operators: the key gate lets nobody else come to /admin. */
@ApiTags('admin')
@Controller('admin/operations')
export class AllOperationsController {
  constructor(private readonly futures: FuturesService) {}

  @Get()
  @ApiOperation({
    summary: 'List the operations of all keys',
    description:
      'Returns operations with their owners, newest first and page by page. Filters can be combined. Requires one of ' +
      `ADMIN_KEYS. Example: \`curl "${URL}?status=failed&limit=20"\``,
  })
  @ApiInvalid()
  @ApiOkResponse({ type: OperationListDto, description: 'A page of results.' })
  async list(@Query() query: ListAllOperationsDto): Promise<OperationListDto> {
    const { owner, status, kind, model_id: modelId, from, to, limit = DEFAULT_FUTURES_LIMIT, cursor } = query;
    const times = { from: from === undefined ? from : new Date(from), to: to === undefined ? to : new Date(to) };
    const rows = await this.futures.listAll({ owner, status, kind, modelId, ...times }, limit, cursor);
    return {
      operations: rows.map(toOwnedFutureDto),
      next_cursor: nextCursor(rows, limit, ({ position }) => position),
    };
  }

  @Get(':request_id')
  @ApiOperation({
    summary: 'Get an operation of any key',
    description: `Requires one of ADMIN_KEYS. Example: \`curl ${URL}/future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC\``,
  })
  @ApiParam({ name: 'request_id', example: 'future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC', description: 'Id of the request.' })
  @ApiMissing('operation')
  @ApiOkResponse({ type: OwnedFutureDto, description: 'The operation.' })
  async get(@Param('request_id') requestId: string): Promise<OwnedFutureDto> {
    return toOwnedFutureDto(await this.futures.summaryForOperator(requestId));
  }
}
