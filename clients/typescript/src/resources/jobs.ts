import { ConnectionError } from '../http/errors.js';
import { readEvents } from '../http/event-stream.js';
import { type CallOptions } from './futures.js';
import { pagesOf } from '../http/pages.js';
import { pause } from '../http/pause.js';
import { type Job, type JobCheckpoint, type JobEvent, type JobMetrics, type NewJob } from '../schemas.js';
import { type Transport } from '../http/transport.js';

/** What happens in a job while it is followed. */
export type JobNews =
  { readonly type: 'metrics'; readonly row: JobMetrics } | { readonly type: 'status'; readonly status: Job['status'] };

const RECONNECT_MS = 500;

/** Fine-tuning jobs: the routes under /v1/fine_tuning/jobs. */
export class Jobs {
  constructor(private readonly transport: Transport) {}

  async create(request: NewJob): Promise<Job> {
    const { data } = await this.transport.routes.POST('/v1/fine_tuning/jobs', { body: request });
    return data as Job;
  }

  /** Newest first. */
  list(): AsyncGenerator<Job, void, undefined> {
    return pagesOf(async (after?: string) => {
      const { data } = await this.transport.routes.GET('/v1/fine_tuning/jobs', { params: { query: { after } } });
      return { items: data?.data ?? [], next: data?.has_more ? data.data.at(-1)?.id : null };
    });
  }

  async get(id: string): Promise<Job> {
    const { data } = await this.transport.routes.GET('/v1/fine_tuning/jobs/{fine_tuning_job_id}', pathOf(id));
    return data as Job;
  }

  /** Ends a job; its model keeps the steps that were made. */
  async cancel(id: string): Promise<Job> {
    return this.change('/v1/fine_tuning/jobs/{fine_tuning_job_id}/cancel', id);
  }

  async pause(id: string): Promise<Job> {
    return this.change('/v1/fine_tuning/jobs/{fine_tuning_job_id}/pause', id);
  }

  async resume(id: string): Promise<Job> {
    return this.change('/v1/fine_tuning/jobs/{fine_tuning_job_id}/resume', id);
  }

  /** Newest first. */
  events(id: string): AsyncGenerator<JobEvent, void, undefined> {
    return pagesOf(async (after?: string) => {
      const params = { ...pathOf(id).params, query: { after } };
      const { data } = await this.transport.routes.GET('/v1/fine_tuning/jobs/{fine_tuning_job_id}/events', { params });
      return { items: data?.data ?? [], next: data?.has_more ? data.data.at(-1)?.id : null };
    });
  }

  /** One for each epoch, newest first. */
  checkpoints(id: string): AsyncGenerator<JobCheckpoint, void, undefined> {
    return pagesOf(async (after?: string) => {
      const params = { ...pathOf(id).params, query: { after } };
      const { data } = await this.transport.routes.GET('/v1/fine_tuning/jobs/{fine_tuning_job_id}/checkpoints', {
        params,
      });
      return { items: data?.data ?? [], next: data?.has_more ? data.last_id : null };
    });
  }

  /**
   * Yields the metrics of every step and epoch, from the first one on and live, and each state of the job, until it is
   * finished. When the connection breaks, it goes on behind the last row.
   */
  async *follow(id: string, { signal }: CallOptions = {}): AsyncGenerator<JobNews, void, undefined> {
    let last = 0;
    for (;;) {
      const response = await this.openMetrics(id, last, signal);
      try {
        for await (const { event, data } of readEvents(response)) {
          if (event === 'done') return;
          if (event === 'status') yield { type: 'status', ...(data as Pick<Job, 'status'>) };
          if (event !== 'metrics') continue;
          const row = data as JobMetrics;
          last = row.id;
          yield { type: 'metrics', row };
        }
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
      }
      await pause(RECONNECT_MS, signal);
    }
  }

  private async openMetrics(id: string, after: number, signal?: AbortSignal): Promise<Response> {
    const { response } = await this.transport.routes.GET('/v1/fine_tuning/jobs/{fine_tuning_job_id}/metrics', {
      params: { ...pathOf(id).params, query: { after } },
      headers: { Accept: 'text/event-stream' },
      parseAs: 'stream',
      signal: signal ?? null,
      ...this.transport.with({ streamed: true }),
    });
    return response;
  }

  private async change(
    route: `/v1/fine_tuning/jobs/{fine_tuning_job_id}/${'cancel' | 'pause' | 'resume'}`,
    id: string,
  ) {
    // A second time, it changes nothing.
    const { data } = await this.transport.routes.POST(route, {
      ...pathOf(id),
      ...this.transport.with({ repeatable: true }),
    });
    return data as Job;
  }
}

function pathOf(id: string) {
  return { params: { path: { fine_tuning_job_id: id } } };
}
