import { Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiExtraModels, ApiHeader, ApiOkResponse, ApiOperation, ApiParam, getSchemaPath } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiInvalid, ApiMissing } from '../../../common/http/api-docs.js';
import { readLastEventId } from '../../../common/http/responses/event-stream.js';
import { ClientSignal } from '../../../common/http/requests/client-signal.decorator.js';
import { JobMetricsDto, JobMetricsRowDto, JobStatusEventDto, ListJobMetricsDto } from '../dto/job-metrics.dto.js';
import { FineTuningController, JOB_ID, JOBS_URL } from '../fine-tuning-controller.decorator.js';
import { JobMetricsStream } from './job-metrics.stream.js';
import { presentMetrics } from './job-metrics.presenter.js';
import { metricsCsv } from './metrics-csv.js';
import { JobsService } from '../jobs.service.js';

const STREAM = 'text/event-stream';
const CSV = 'text/csv';
const TYPES = ['application/json', CSV, STREAM];

/** Metrics of a job as rows; OpenAI's API has them in events alone. */
@FineTuningController()
export class JobMetricsController {
  constructor(
    private readonly jobs: JobsService,
    private readonly stream: JobMetricsStream,
  ) {}

  @Get(`:${JOB_ID.name}/metrics`)
  @ApiOperation({
    summary: 'Get the metrics of a fine-tuning job',
    description:
      'A row per step and epoch, oldest first: as JSON, or depending on Accept as text/csv or text/event-stream. ' +
      'A stream sends a `metrics` event for each row as it is measured, `status` for each state of the job, and ends with ' +
      `\`done\`; Last-Event-ID resumes it. Example: \`curl ${JOBS_URL}/${JOB_ID.example}/metrics -H "Accept: text/csv"\``,
  })
  @ApiParam(JOB_ID)
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'For streams: id of the last row that you received.',
    example: '0',
  })
  @ApiInvalid()
  @ApiMissing('job')
  @ApiExtraModels(JobMetricsDto, JobMetricsRowDto, JobStatusEventDto)
  @ApiOkResponse({
    description: 'The metrics.',
    content: {
      'application/json': { schema: { $ref: getSchemaPath(JobMetricsDto) } },
      [CSV]: { schema: { type: 'string' } },
      [STREAM]: {
        schema: { oneOf: [JobMetricsRowDto, JobStatusEventDto].map((type) => ({ $ref: getSchemaPath(type) })) },
      },
    },
  })
  async get(
    @Param(JOB_ID.name) id: string,
    @Query() { after = 0, limit = 1000 }: ListJobMetricsDto,
    @ClientSignal() signal: AbortSignal,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const job = await this.jobs.get(id);
    const type = request.accepts(TYPES);
    if (type === STREAM) {
      return this.stream.write(job, readLastEventId(request.get('Last-Event-ID')) ?? after, signal, response);
    }
    if (type === CSV) {
      response.type(CSV).send(metricsCsv(await this.jobs.allMetrics(job.id)));
      return;
    }
    const rows = await this.jobs.metrics(job.id, after, limit + 1);
    const data = rows.slice(0, limit).map((row) => presentMetrics(row));
    response.json({ object: 'list', data, has_more: rows.length > limit } satisfies JobMetricsDto);
  }
}
