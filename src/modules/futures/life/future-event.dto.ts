import { type OperationKind } from '../../../domain/operation.js';
import { FutureErrorDto } from '../dto/future.dto.js';

/** The request that fetches a result. */
export class ResultReferenceDto {
  /**
   * HTTP method.
   * @example "POST"
   */
  method!: string;

  /**
   * Path on this server.
   * @example "/retrieve_future"
   */
  path!: string;

  /**
   * JSON body.
   * @example { "request_id": "future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC" }
   */
  body!: Record<string, string>;
}

/** An event in the life of a request. */
export class FutureEventDto {
  /**
   * Id of the request.
   * @example "future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"
   */
  request_id!: string;

  /**
   * The adapter or base model.
   * @example "my-model"
   */
  model_id!: string;

  /**
   * Kind of operation.
   * @example "forward_backward"
   */
  kind!: OperationKind;

  /**
   * What happened; also the name of the event.
   * @example "running"
   */
  event!: 'queued' | 'claimed' | 'running' | 'completed' | 'failed';

  /**
   * Time of the event, where it is known.
   * @example "2026-11-23T10:15:30.100Z"
   */
  at!: string | null;

  /**
   * How often a worker had claimed it by then; 0 before the first time.
   * @example 1
   */
  attempt!: number;

  /**
   * The worker that runs it or ran it.
   * @example "worker_01JD8Z5R0N8M1T3S6Y9K2H4B7A"
   */
  worker_id!: string | null;

  /** The request that fetches the result, once it is completed. */
  result!: ResultReferenceDto | null;

  /** The error, if it failed. */
  error!: FutureErrorDto | null;
}

/** How far an open request is. */
export class FutureProgressDto {
  /**
   * Id of the request.
   * @example "future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"
   */
  request_id!: string;

  /**
   * Number of requests ahead of it, while it is pending.
   * @example 2
   */
  queue_position!: number | null;

  /**
   * Tokens that a streamed generation has sampled since the client began to follow it.
   * @example 128
   */
  tokens!: number | null;
}
