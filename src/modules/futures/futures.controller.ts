import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiFailures, ApiPost } from '../../common/http/api-docs.js';
import { ClientSignal } from '../../common/http/requests/client-signal.decorator.js';
import { ErrorDto } from '../../common/http/errors/error.dto.js';
import { nextCursor } from '../../common/pages/next-cursor.js';
import { DEFAULT_FUTURES_LIMIT, FutureDto, FutureListDto, ListFuturesDto, toFutureDto } from './dto/future.dto.js';
import { completedSchema, CompletedModels } from './dto/completed.dto.js';
import { DEFAULT_WAIT_MS, PendingFutureDto, RetrieveFutureDto } from './dto/retrieve-future.dto.js';

import { type FutureAnswer, FuturesPresenter } from './futures.presenter.js';
import { FuturesService } from './futures.service.js';

@ApiTags('futures')
@Controller()
export class FuturesController {
  constructor(
    private readonly presenter: FuturesPresenter,
    private readonly futures: FuturesService,
  ) {}

  @Post('retrieve_future')
  @HttpCode(200)
  @ApiPost('retrieve_future', {
    summary: 'Wait for the result of a request',
    description:
      'Waits until the request is settled, at most `wait_ms`. The result can be retrieved repeatedly. For a failed request, returns its error.',
    type: RetrieveFutureDto,
    examples: { 'a request id': { request_id: 'future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' } },
  })
  @CompletedModels()
  @ApiOkResponse({ schema: completedSchema(), description: 'Completed; the result depends on the kind of request.' })
  @ApiFailures()
  @ApiAcceptedResponse({ type: PendingFutureDto, description: 'Not settled within wait_ms; poll again.' })
  @ApiBadRequestResponse({
    type: ErrorDto,
    description: 'The request failed because of its content; `error` has a code, category and message.',
  })
  @ApiNotFoundResponse({ type: ErrorDto, description: 'The request does not exist or has been deleted.' })
  async retrieve(
    @Body() body: RetrieveFutureDto,
    @ClientSignal() signal: AbortSignal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<FutureAnswer> {
    const answer = await this.presenter.await(body.request_id, body.wait_ms ?? DEFAULT_WAIT_MS, signal);
    if (answer.status !== 'completed') response.status(202);
    return answer;
  }

  /**
   * List requests, newest first
   * @remarks Page by page, for dashboards. Example: `curl "http://127.0.0.1:8000/futures?status=failed&limit=20"`
   */
  @Get('futures')
  @ApiOkResponse({ type: FutureListDto, description: 'A page of results.' })
  async list(
    @Query() { status, kind, model_id: modelId, limit = DEFAULT_FUTURES_LIMIT, cursor }: ListFuturesDto,
  ): Promise<FutureListDto> {
    const rows = await this.futures.list({ status, kind, modelId }, limit, cursor);
    return {
      futures: rows.map(toFutureDto),
      next_cursor: nextCursor(rows, limit, ({ position }) => position),
    };
  }

  /**
   * Get a request
   * @remarks POST /retrieve_future returns its result. Example: `curl http://127.0.0.1:8000/futures/future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC`
   */
  @Get('futures/:request_id')
  @ApiParam({ name: 'request_id', example: 'future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC', description: 'Id of the request.' })
  @ApiOkResponse({ type: FutureDto, description: 'The operation.' })
  @ApiNotFoundResponse({ type: ErrorDto, description: 'The request does not exist or has been deleted.' })
  async get(@Param('request_id') requestId: string): Promise<FutureDto> {
    return toFutureDto(await this.futures.summary(requestId));
  }
}
