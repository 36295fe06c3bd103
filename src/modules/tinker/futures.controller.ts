import { Body, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiRequestTimeoutResponse } from '@nestjs/swagger';
import type { Response } from 'express';
import { AppError } from '../../common/errors/app-error.js';
import { NotFoundError } from '../../common/errors/request.errors.js';
import { ClientSignal } from '../../common/http/client-signal.decorator.js';
import { FuturesService, type FutureState } from '../futures/index.js';
import { WorkersService } from '../workers/index.js';
import { PROTOBUF } from './codec/wire-schema.js';
import { TinkerPendingDto, TinkerRetrieveDto } from './dto/retrieve.dto.js';
import { TinkerResults } from './tinker-results.js';
import { TinkerController } from './tinker.controller-kind.js';

/** The SDK stops reading after 45 s and then waits before it asks again; after a 408 it asks at once. */
const HOLD_MS = 40_000;

/** Results of requests. */
@TinkerController()
export class TinkerFuturesController {
  constructor(
    private readonly futures: FuturesService,
    private readonly results: TinkerResults,
    private readonly workers: WorkersService,
  ) {}

  /**
   * Wait for the result of a request
   * @remarks Held up to 40 s, then 408: ask again. A failed request answers 200 with `error` and `category`. Results of forward, forward_backward and asample are protobuf where Accept names it. Can be fetched again. Example: `curl -X POST http://127.0.0.1:8000/api/v1/retrieve_future -H "Content-Type: application/json" -d '{"request_id": "future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"}'`
   */
  @Post('retrieve_future')
  @HttpCode(200)
  @ApiProduces('application/json', PROTOBUF)
  @ApiOkResponse({
    schema: { type: 'object', additionalProperties: true },
    description: 'The result, or why it failed.',
  })
  @ApiRequestTimeoutResponse({ type: TinkerPendingDto, description: 'Not settled yet: ask again.' })
  async retrieve(
    @Body() { request_id: requestId }: TinkerRetrieveDto,
    @Headers('accept') accept: string | undefined,
    @Headers('x-tinker-request-type') requestType: string | undefined,
    @ClientSignal() signal: AbortSignal,
    @Res() response: Response,
  ): Promise<void> {
    const state = await this.futures.wait(requestId, HOLD_MS, signal).catch((error: unknown) => {
      // The SDK samples anew after a 410; anything else it cannot repeat.
      if (error instanceof NotFoundError && requestType === 'Sample') throw new ResultGoneError(error);
      throw error;
    });
    if (signal.aborted) return;
    if (state.error) {
      response.json({ error: state.error.message, category: state.error.category });
    } else if (state.result) {
      const result = await this.results.present(state, state.result, accept?.includes(PROTOBUF) ?? false);
      if (result.kind === 'json') response.json(result.body);
      else response.type(PROTOBUF).send(Buffer.from(result.body));
    } else {
      response.status(408).json(await this.toPending(state));
    }
  }

  /**
   * Give a request up
   * @remarks Accepted and not acted on: a request that is under way runs to its end. Example: `curl -X POST http://127.0.0.1:8000/api/v1/cancel_future -H "Content-Type: application/json" -d '{"request_id": "future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"}'`
   */
  @Post('cancel_future')
  @HttpCode(204)
  async cancel(@Body() { request_id: requestId }: TinkerRetrieveDto): Promise<void> {
    await this.futures.summary(requestId);
  }

  private async toPending(state: FutureState): Promise<TinkerPendingDto> {
    const workers = await this.workers.listAlive();
    const request_id = state.requestId;
    if (!workers.some(({ status }) => status === 'active')) {
      const queue_state_reason = 'no compute worker is running; the request waits for one';
      return { request_id, queue_state: 'paused_capacity', queue_state_reason };
    }
    const ahead = state.queuePosition;
    const queue_state_reason =
      state.status === 'running' ? 'it is being computed' : `${ahead} requests of this model run first`;
    return { request_id, queue_state: 'active', queue_state_reason };
  }
}

/** The result is not kept any more. */
class ResultGoneError extends AppError {
  constructor(cause: NotFoundError) {
    super('result_gone', 'server', 410, `${cause.message} Its result may have been deleted.`, cause.details, { cause });
  }
}
