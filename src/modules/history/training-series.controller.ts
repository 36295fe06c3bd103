import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiInvalid, ApiMissing } from '../../common/http/api-docs.js';
import { DEFAULT_SERIES_POINTS, ReadSeriesDto, TrainingSeriesDto } from './dto/training-series.dto.js';
import { TrainingSeriesService } from './training-series.service.js';

@ApiTags('adapters')
@ApiMissing('adapter')
@Controller('adapters')
export class TrainingSeriesController {
  constructor(private readonly series: TrainingSeriesService) {}

  @Get(':model_id/metrics')
  @ApiOperation({
    summary: 'Get the training curves of an adapter',
    description:
      'Returns the metrics of its passes and optimiser steps, step by step, as long as the log is kept ' +
      '(FUTURE_RETENTION_HOURS). Steps that a rewind has undone are left out. ' +
      'Example: `curl "http://127.0.0.1:8000/adapters/my-model/metrics?points=200"`',
  })
  @ApiParam({ name: 'model_id', example: 'my-model', description: 'Name of the adapter.' })
  @ApiInvalid()
  @ApiOkResponse({ type: TrainingSeriesDto, description: 'The curves.' })
  async read(@Param('model_id') modelId: string, @Query() query: ReadSeriesDto): Promise<TrainingSeriesDto> {
    const { points = DEFAULT_SERIES_POINTS, from_step: fromStep = 0, to_step: toStep = Infinity } = query;
    const found = await this.series.read(modelId, { fromStep, toStep, points });
    const names = new Set(found.points.flatMap(({ metrics }) => Object.keys(metrics)));
    return {
      model_id: modelId,
      loss_fn: found.lossName,
      total_steps: found.steps,
      every: found.every,
      steps: found.points.map(({ step }) => step),
      finished_at: found.points.map(({ finishedAt }) => finishedAt.toISOString()),
      series: Object.fromEntries(
        [...names].sort().map((name) => [name, found.points.map(({ metrics }) => metrics[name] ?? null)]),
      ),
    };
  }
}
