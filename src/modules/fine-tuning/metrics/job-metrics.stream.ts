import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import {
  sendEvent,
  sendHeartbeat,
  startEventStream,
  writeStream,
} from '../../../common/http/responses/event-stream.js';
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
  constructor(
    private readonly jobs: JobsService,
    private readonly updates: JobUpdates,
  ) {}

  async write({ id }: Pick<JobEntity, 'id'>, after: number, signal: AbortSignal, response: Response): Promise<void> {
    startEventStream(response);
    await writeStream(response, () => this.follow(id, after, signal, response));
  }

  private async follow(id: string, after: number, signal: AbortSignal, response: Response): Promise<void> {
    let shown: JobStatus | null = null;
    let last = after;
    while (!signal.aborted && !this.updates.isClosed) {
      const { heard } = this.updates.listen(id, signal);
      // The state first: rows that are read later may be newer than it, but none is missed.
      const { status } = await this.jobs.get(id);
      const rows = await this.jobs.metrics(id, last, PAGE);
      for (const row of rows) sendEvent(response, 'metrics', presentMetrics(row), row.position);
      last = rows.at(-1)?.position ?? last;
      if (status !== shown) sendEvent(response, 'status', { status });
      shown = status;
      if (rows.length === PAGE) continue;
      if (isFinished(status)) {
        sendEvent(response, 'done', { status });
        return;
      }
      if (rows.length === 0) sendHeartbeat(response);
      await heard;
    }
  }
}
