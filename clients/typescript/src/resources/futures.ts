import { type Accepted, type Completed, type FutureSummary } from '../schemas.js';
import { type Submissions } from './submissions.js';
import { type Transport } from '../http/transport.js';

export interface CallOptions {
  /**
   * Gives the call up. An operation that waits on the server is cancelled and a running generation stops; a training
   * operation that already runs takes effect nevertheless.
   */
  readonly signal?: AbortSignal | undefined;
}

/** How long one poll waits on the server. */
const POLL_MS = 30_000;

/** Operations on the server: submits them, and waits for their results. */
export class Futures {
  constructor(
    private readonly transport: Transport,
    private readonly submissions: Submissions,
  ) {}

  /** Resolves with the result of an operation, or rejects with its error. */
  async result(requestId: string, { signal }: CallOptions = {}): Promise<Completed> {
    for (;;) {
      const { data, response } = await this.transport.routes.POST('/retrieve_future', {
        body: { request_id: requestId, wait_ms: POLL_MS },
        signal: signal ?? null,
        ...this.transport.with({ repeatable: true }),
      });
      if (response.status === 200) return data as Completed;
    }
  }

  /** Cancels an operation that has not started, and a generation even then; others stay as they are. */
  async cancel(requestId: string): Promise<void> {
    const body = { request_id: requestId };
    await this.transport.routes.POST('/api/v1/cancel_future', { body, ...this.transport.with({ repeatable: true }) });
  }

  async get(requestId: string, { signal = null }: { signal?: AbortSignal | null } = {}): Promise<FutureSummary> {
    const params = { path: { request_id: requestId } };
    const { data } = await this.transport.routes.GET('/futures/{request_id}', { params, signal });
    return data as FutureSummary;
  }

  /**
   * Sends an operation in its turn and waits for its result. The signal does not interrupt the sending itself, so that an
   * accepted operation is always known, and can be cancelled.
   */
  async run<Result extends Completed>(
    lane: string,
    send: () => Promise<Accepted>,
    { signal }: CallOptions = {},
  ): Promise<Result> {
    const { request_id: requestId } = await this.submissions.submit(lane, () => {
      signal?.throwIfAborted();
      return send();
    });
    try {
      signal?.throwIfAborted();
      return (await this.result(requestId, { signal })) as Result;
    } catch (error) {
      if (signal?.aborted) await this.cancel(requestId).catch(() => undefined);
      throw error;
    }
  }
}
