import { Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiConflictResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiEvents, ApiMissing } from '../../../common/http/api-docs.js';
import { ClientSignal } from '../../../common/http/requests/client-signal.decorator.js';
import { ErrorDto } from '../../../common/http/errors/error.dto.js';
import { readLastEventId } from '../../../common/http/responses/event-stream.js';
import { isSettled } from '../../../domain/operation.js';
import { FutureDto, toFutureDto } from '../dto/future.dto.js';
import { FuturesService } from '../futures.service.js';
import { CancellationService } from '../giving-up/cancellation.service.js';
import { FutureEventDto, FutureProgressDto } from './future-event.dto.js';
import { FutureEventsStream } from './future-events.stream.js';

const REQUEST_ID = {
  name: 'request_id',
  example: 'future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC',
  description: 'Id of the request.',
};
const URL = `http://127.0.0.1:8000/futures/${REQUEST_ID.example}`;

/** One request while it is open: followed live, or cancelled. */
@ApiTags('futures')
@Controller(`futures/:${REQUEST_ID.name}`)
export class FutureLifeController {
  constructor(
    private readonly futures: FuturesService,
    private readonly stream: FutureEventsStream,
    private readonly cancellation: CancellationService,
  ) {}

  @Get('events')
  @ApiOperation({
    summary: 'Follow a request',
    description:
      'Server-sent events: `queued`, `claimed`, `running`, then `completed` or `failed`, with which the stream ends. ' +
      '`progress` events between them contain the position in the queue or the tokens sampled so far. A request ' +
      'that a worker returns to the queue is `queued` again. Last-Event-ID resumes a stream; a comment is sent after every 15 s without events. ' +
      `Example: \`curl -N ${URL}/events\``,
  })
  @ApiParam(REQUEST_ID)
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'Id of the last event that you received.',
    example: '6',
  })
  @ApiEvents([FutureEventDto, FutureProgressDto], 'The events.')
  @ApiNoContentResponse({ description: 'The request is settled and Last-Event-ID names its last event.' })
  @ApiMissing('request')
  async events(
    @Param(REQUEST_ID.name) requestId: string,
    @ClientSignal() signal: AbortSignal,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const row = await this.futures.summary(requestId);
    await this.stream.write(row, readLastEventId(request.get('Last-Event-ID')) ?? -1, signal, response);
  }

  @Post('cancel')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Cancel a request',
    description:
      'A pending request never runs, and later ones continue without it. A running `generate` or `forward` stops within ' +
      'a token or micro-batch. Both fail with the code `cancelled`. Requests that change an adapter or write a ' +
      'checkpoint cannot be cancelled while they run. The call can be repeated. ' +
      `Example: \`curl -X POST ${URL}/cancel\``,
  })
  @ApiParam(REQUEST_ID)
  @ApiOkResponse({ type: FutureDto, description: 'The request is cancelled.' })
  @ApiAcceptedResponse({
    type: FutureDto,
    description: 'The worker was notified, but has not stopped yet; repeat the call.',
  })
  @ApiConflictResponse({
    type: ErrorDto,
    description:
      'It is already settled, or it is running and can no longer be cancelled; `error.message` states which.',
  })
  @ApiMissing('request')
  async cancel(
    @Param(REQUEST_ID.name) requestId: string,
    @ClientSignal() signal: AbortSignal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<FutureDto> {
    const row = await this.cancellation.cancel(requestId, signal);
    if (!isSettled(row.status)) response.status(202);
    return toFutureDto(row);
  }
}
