import { Injectable, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { toErrorBody } from '../../../common/http/app-exception.filter.js';
import { toAppError } from '../../../common/errors/internal.error.js';
import { startEventStream } from '../../generation/index.js';
import { type JobEntity } from '../entities/job.entity.js';
import { presentMetrics } from './job-metrics.presenter.js';
import { JobUpdates } from '../job-updates.js';
import { isFinished, type JobStatus } from '../job-states.js';
import { JobsService } from '../jobs.service.js';

/** Rows that are read at a time. */
const PAGE = 500;

/** Metrics of a job as server-sent events, from any row on and live. */
@Injectable()
export class JobMetricsStream {
  private readonly logger = new Logger(JobMetricsStream.name);

  constructor(
    private readonly jobs: JobsService,
    private readonly updates: JobUpdates,
  ) {}

  async write({ id }: Pick<JobEntity, 'id'>, after: number, signal: AbortSignal, response: Response): Promise<void> {
    startEventStream(response);
    try {
      await this.follow(id, after, signal, response);
    } catch (error) {
      send(response, 'error', toErrorBody(toAppError(error, 'in an event stream', this.logger)));
    }
    response.end();
  }

  private async follow(id: string, after: number, signal: AbortSignal, response: Response): Promise<void> {
    let shown: JobStatus | null = null;
    let last = after;
    while (!signal.aborted && !this.updates.isClosed) {
      const { heard } = this.updates.listen(id, signal);
      // The state first: rows that are read later may be newer than it, but none is missed.
      const { status } = await this.jobs.get(id);
      const rows = await this.jobs.metrics(id, last, PAGE);
      for (const row of rows) send(response, 'metrics', presentMetrics(row), row.position);
      last = rows.at(-1)?.position ?? last;
      if (status !== shown) send(response, 'status', { status });
      shown = status;
      if (rows.length === PAGE) continue;
      if (isFinished(status)) {
        send(response, 'done', { status });
        return;
      }
      // A comment shows proxies that the stream lives.
      if (rows.length === 0) response.write(': waiting\n\n');
      await heard;
    }
  }
}

function send(response: Response, event: string, data: unknown, id?: number): void {
  if (response.writableEnded) return;
  response.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
