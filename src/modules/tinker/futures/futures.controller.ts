import { Body, Headers, HttpCode, Post, Res } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiGoneResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiRequestTimeoutResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { AppError } from '../../../common/errors/app-error.js';
import { NotFoundError } from '../../../common/errors/request.errors.js';
import { ApiMissing, ApiPost } from '../../../common/http/api-docs.js';
import { ClientSignal } from '../../../common/http/requests/client-signal.decorator.js';
import { ErrorDto } from '../../../common/http/errors/error.dto.js';
import { AppConfig } from '../../../config/app-config.js';
import { type OperationData } from '../../../domain/operation-data.js';
import { FuturesService, type FutureState } from '../../futures/index.js';
import { SamplersService } from '../../sessions/index.js';
import { PROTOBUF } from '../codec/wire-schema.js';
import { RESULTS } from './dto/results.dto.js';
import {
  CancelDto,
  CompletionsDto,
  RetrieveManyDto,
  TinkerMetadataDto,
  TinkerPendingDto,
  TinkerRetrieveDto,
  toCompletionDto,
} from './dto/retrieve.dto.js';
import { TinkerQueueState } from './queue-state.presenter.js';
import { TinkerResults } from './tinker-results.js';
import { TinkerController } from '../tinker-controller.decorator.js';

/** The SDK waits somewhat longer than this for the answer of a poll of many. */
const MAX_POLL_S = 30;

/** From this size on, a client that asks for it learns the size first, and fetches the result when it has room. */
const LARGE_BYTES = 1e6;

/** Copies of a sampling client number their requests from multiples of this on. */
const CLONE_SEQS = 1e9;

/** Results of requests. */
@TinkerController('futures')
export class TinkerFuturesController {
  constructor(
    private readonly futures: FuturesService,
    private readonly results: TinkerResults,
    private readonly samplers: SamplersService,
    private readonly queueState: TinkerQueueState,
    private readonly config: AppConfig,
  ) {}

  @Post('retrieve_future')
  @HttpCode(200)
  @ApiPost('api/v1/retrieve_future', {
    summary: 'Wait for the result of a request',
    description:
      'Waits up to LONG_POLL_S (40 s), then returns 408; poll again. A failed request returns 200 with `error` and ' +
      '`category`. Results of ' +
      'forward, forward_backward and asample are protobuf if Accept requests it (tinker_public.ForwardBackwardOutput, ' +
      'SampleResponse). Results can be retrieved repeatedly. With `allow_metadata_only`, only the size of a result above 1 MB is returned.',
    type: TinkerRetrieveDto,
    examples: { 'a request id': { request_id: 'future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' } },
  })
  @ApiExtraModels(...RESULTS)
  @ApiOkResponse({
    description: 'The result, which depends on the kind of request, only its size, or the error.',
    content: {
      'application/json': { schema: { oneOf: RESULTS.map((type) => ({ $ref: getSchemaPath(type) })) } },
      [PROTOBUF]: { schema: { type: 'string', format: 'binary' } },
    },
  })
  @ApiRequestTimeoutResponse({ type: TinkerPendingDto, description: 'Not settled yet; poll again.' })
  @ApiMissing('request')
  @ApiGoneResponse({ type: ErrorDto, description: 'The result of the sample has been deleted; sample again.' })
  async retrieve(
    @Body() { request_id: requestId, allow_metadata_only: metadataOnly = false }: TinkerRetrieveDto,
    @Headers('accept') accept: string | undefined,
    @Headers('x-tinker-request-type') requestType: string | undefined,
    @ClientSignal() signal: AbortSignal,
    @Res() response: Response,
  ): Promise<void> {
    // The SDK asks again at once after a 408, but only after a while when it has hung up by itself.
    const state = await this.futures.wait(requestId, this.config.longPollS * 1000, signal).catch((error: unknown) => {
      // The SDK samples anew after a 410; anything else it cannot repeat.
      if (error instanceof NotFoundError && requestType === 'Sample') throw new ResultGoneError(error);
      throw error;
    });
    if (signal.aborted) return;
    if (state.error) {
      const { message: error, category, code } = state.error;
      response.json({ error, category, code });
    } else if (state.result) {
      await this.sendResult(state, state.result, { accept, metadataOnly }, response);
    } else {
      response.status(408).json(await this.queueState.describe(state));
    }
  }

  @Post('retrieve_futures')
  @HttpCode(200)
  @ApiPost('api/v1/retrieve_futures', {
    summary: 'Wait for requests of a sampling session',
    description:
      'Polls for all requests of a sampling session: returns as soon as one is settled after `prev_cursor`, at the latest after ' +
      '`timeout` seconds (default 30). Use retrieve_future to get the results.',
    type: RetrieveManyDto,
    examples: {
      'from the beginning': {
        target: { type: 'sampling_session', sampling_session_id: 'sampler_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' },
        prev_cursor: 0,
      },
    },
  })
  @ApiOkResponse({ type: CompletionsDto, description: 'The requests settled since then, possibly none.' })
  @ApiMissing('sampling session')
  async retrieveMany(@Body() body: RetrieveManyDto, @ClientSignal() signal: AbortSignal): Promise<CompletionsDto> {
    const { sampling_session_id: id, cloned_sampler_id: clone = 0 } = body.target;
    const { id: samplerId } = await this.samplers.get(id, 'target.sampling_session_id');
    const cursor = body.prev_cursor ?? 0;
    const waitMs = Math.min(body.timeout ?? MAX_POLL_S, MAX_POLL_S, this.config.longPollS) * 1000;
    const which = { samplerId, minSeqId: clone * CLONE_SEQS, maxSeqId: (clone + 1) * CLONE_SEQS - 1 };
    const found = await this.futures.completions(which, cursor, waitMs, signal);
    return { completions: found.map(toCompletionDto), cursor: found.at(-1)?.number ?? cursor };
  }

  @Post('cancel_future')
  @HttpCode(204)
  @ApiPost('api/v1/cancel_future', {
    summary: 'Cancel a request',
    description:
      'A pending request fails with the code `cancelled`, and later ones continue without it. A running sample ' +
      'stops within one token, with the same code. The call can be repeated.',
    type: CancelDto,
    examples: { 'a request id': { request_id: 'future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' } },
  })
  @ApiNoContentResponse({ description: 'The request is cancelled unless it was already settled.' })
  @ApiMissing('request')
  cancel(@Body() { request_id: requestId }: CancelDto): Promise<void> {
    return this.futures.cancel(requestId);
  }

  private async sendResult(
    state: FutureState,
    result: OperationData,
    { accept, metadataOnly }: { accept: string | undefined; metadataOnly: boolean },
    response: Response,
  ): Promise<void> {
    const answer = await this.results.present(state, result, accept?.includes(PROTOBUF) ?? false);
    const body = Buffer.from(answer.kind === 'json' ? JSON.stringify(answer.body) : answer.body);
    if (metadataOnly && body.length > LARGE_BYTES) {
      response.json({ status: 'complete_metadata', response_payload_size: body.length } satisfies TinkerMetadataDto);
    } else {
      response.type(answer.kind === 'json' ? 'application/json' : PROTOBUF).send(body);
    }
  }
}

/** The result is not kept any more. */
class ResultGoneError extends AppError {
  constructor(cause: NotFoundError) {
    super('result_gone', 'server', 410, `${cause.message} Its result may have been deleted.`, cause.details, { cause });
  }
}
