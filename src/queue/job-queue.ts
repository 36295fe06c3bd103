import { type OperationKind } from '../domain/operation.js';

/** Ids only: payloads and results are rows in the database. */
export interface Job {
  readonly requestId: string;
  readonly kind: OperationKind;
  /** The adapter whose queue the request is in; null for requests to a base model or to sampler weights. */
  readonly adapterId: string | null;
  /** The key that the request came with; jobs of earlier versions do not say it. */
  readonly owner?: string;
}

/** Resolves when the request is settled; rejects to mark the job as failed on the dashboard. Never retried. */
export type JobHandler = (job: Job) => Promise<void>;

export interface QueueCounts {
  readonly waiting: number;
  readonly active: number;
}

/**
 * Wakes a worker for a request. The request's row is the truth: a job may be lost (a sweep of the rows finds the
 * request), delivered twice or too late, so the handler looks at the row. Two drivers: Bull on Redis, and in-process.
 */
export abstract class JobQueue {
  /** What an operator calls the queue's server: the key of its check in /readyz. */
  abstract readonly name: string;
  /** The implementation, as /readyz shows it. */
  abstract readonly driver: string;
  /** Path of the dashboard on the API; null when there is none. */
  abstract readonly dashboard: string | null;
  /** Call after the request's row is committed. */
  abstract add(job: Job): Promise<void>;
  /** Starts taking jobs, QUEUE_CONCURRENCY at once. Again after pause(). */
  abstract process(handler: JobHandler): void;
  /** Takes no more jobs; those already taken go on. */
  abstract pause(): Promise<void>;
  abstract counts(): Promise<QueueCounts>;
  /** Is the queue's server reachable? Rejects with the reason when not. */
  abstract ping(): Promise<void>;
  abstract close(): Promise<void>;
}
