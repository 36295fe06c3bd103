import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { ApiInvalid, ApiMissing, ApiPost } from '../../common/http/api-docs.js';
import { ErrorDto } from '../../common/http/errors/error.dto.js';
import { AdapterHistoryService, type HistoryEntry } from './adapter-history.service.js';
import { toAdapterDto } from '../adapters/index.js';
import {
  DEFAULT_HISTORY_LIMIT,
  ForkDto,
  ForkedDto,
  HistoryDto,
  type HistoryEntryDto,
  type HistoryPointDto,
  ListHistoryDto,
  RewindAcceptedDto,
  RewindDto,
} from './dto/history.dto.js';
import { type HistoryPoint } from './history-points.js';

const NAME = { name: 'model_id', example: 'my-model', description: 'Name of the adapter.' };
const NOT_NOW = { type: ErrorDto, description: 'The step is ambiguous, not reached yet, or no longer kept.' };

@ApiTags('adapters')
@ApiMissing('adapter, step or request')
@Controller('adapters/:model_id')
export class AdapterHistoryController {
  constructor(private readonly history: AdapterHistoryService) {}

  @Get('history')
  @ApiOperation({
    summary: 'Get the history of an adapter',
    description:
      'Returns every operation that changed the adapter, newest first and page by page, as long as the log is kept ' +
      '(FUTURE_RETENTION_HOURS). Example: `curl "http://127.0.0.1:8000/adapters/my-model/history?limit=20"`',
  })
  @ApiParam(NAME)
  @ApiInvalid()
  @ApiOkResponse({ type: HistoryDto, description: 'A page of results.' })
  async list(@Param('model_id') modelId: string, @Query() query: ListHistoryDto): Promise<HistoryDto> {
    const { limit = DEFAULT_HISTORY_LIMIT, cursor } = query;
    const { entries, nextCursor } = await this.history.page(modelId, limit, cursor);
    return { entries: entries.map(toEntryDto), next_cursor: nextCursor };
  }

  @Post('rewind')
  @HttpCode(200)
  @ApiPost('adapters/my-model/rewind', {
    summary: 'Rewind an adapter to an earlier step',
    description:
      'Restores weights, optimiser moments, step, unapplied gradients and the state of the random numbers, bit for bit, ' +
      'as they were right after that step or request, so that the same data gives the same numbers again. Runs after ' +
      'requests sent earlier. Undone operations stay in the history, so a rewind can be undone by request_id.',
    type: RewindDto,
    examples: { 'to a step': { step: 1 } },
  })
  @ApiParam(NAME)
  @ApiConflictResponse(NOT_NOW)
  @ApiOkResponse({ type: RewindAcceptedDto, description: 'Accepted; POST /retrieve_future returns the result.' })
  async rewind(@Param('model_id') modelId: string, @Body() body: RewindDto): Promise<RewindAcceptedDto> {
    const { requestId, target } = await this.history.rewind(modelId, toPoint(body), body.seq_id);
    return { request_id: requestId, model_id: modelId, target_request_id: target.requestId };
  }

  @Post('fork')
  @ApiPost('adapters/my-model/fork', {
    summary: 'Fork an adapter',
    description:
      'Creates a new adapter with the state that this one had right after that step or request (or has now, by ' +
      'default), bit for bit. The original adapter is not changed.',
    type: ForkDto,
    examples: { 'at a step': { model_id: 'my-fork', step: 1 } },
  })
  @ApiParam(NAME)
  @ApiConflictResponse({ ...NOT_NOW, description: `${NOT_NOW.description} Or the new name is already in use.` })
  @ApiCreatedResponse({ type: ForkedDto, description: 'The new adapter is created.' })
  async fork(@Param('model_id') modelId: string, @Body() body: ForkDto): Promise<ForkedDto> {
    const { adapter, accepted, source } = await this.history.fork(modelId, toPoint(body), body.model_id ?? undefined);
    return {
      ...toAdapterDto(adapter, true),
      request_id: accepted.requestId,
      source_model_id: modelId,
      source_request_id: source.requestId,
    };
  }
}

function toPoint({ step, request_id: requestId }: HistoryPointDto): HistoryPoint {
  return { step: step ?? undefined, requestId: requestId ?? undefined };
}

function toEntryDto({ result, ...entry }: HistoryEntry): HistoryEntryDto {
  const loss = typeof result?.['loss'] === 'number' ? { loss: result['loss'] } : {};
  const lossName = result?.['loss_fn'];
  const metrics = { ...loss, ...(result?.['metrics'] as object | undefined) };
  return {
    request_id: entry.request_id,
    kind: entry.kind,
    step: entry.step,
    current: entry.current,
    loss_fn: typeof lossName === 'string' ? lossName : null,
    metrics: Object.keys(metrics).length > 0 ? metrics : null,
    digest: entry.digest,
    error_code: entry.error?.code ?? null,
    created_at: entry.created_at.toISOString(),
    started_at: entry.started_at?.toISOString() ?? null,
    finished_at: entry.finished_at.toISOString(),
  };
}
