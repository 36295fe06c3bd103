import { type AppError, type SerializedError } from '../../../common/errors/app-error.js';
import { type OperationData } from '../../../domain/operation-data.js';
import { type OperationKind, type OperationStatus } from '../../../domain/operation.js';

/** An operation as the client's request describes it, before it is in the log. */
export interface NewOperation {
  readonly kind: OperationKind;
  /**
   * The adapter it belongs to; null for requests to a base model or to sampler weights. Operations of one adapter run in
   * log order.
   */
  readonly adapterId: string | null;
  /** The name the client used, echoed in answers. */
  readonly modelId: string;
  readonly baseModel: string;
  /** The client's own number of the request (Tinker SDK); with the adapter it identifies a repeat. */
  readonly seqId?: number;
  /** Identifies a repeat where (adapter, seq_id) does not. */
  readonly idempotencyKey?: string;
  /** The sampling session that it was sent to; requests to an adapter belong to the adapter's session. */
  readonly sampler?: { readonly id: string; readonly sessionId: string };
  readonly request: OperationData;
  /** Why it is refused, unless it repeats one that was accepted. */
  readonly refusal?: AppError | null;
}

/** An operation as its handler in the worker sees it. */
export interface Operation {
  readonly requestId: string;
  /** Position in the log; larger for later operations. */
  readonly position: number;
  /** The API key that sent it; '' where no keys are configured. */
  readonly owner: string;
  /** The owner's weight in the division of engine time, by the priority of its key: 1 where that is normal. */
  readonly weight: number;
  readonly kind: OperationKind;
  readonly adapterId: string | null;
  readonly modelId: string;
  readonly baseModel: string;
  readonly request: OperationData;
  /** The lease under which it runs: what it stores for the adapter is refused once another worker has taken over. */
  readonly lease: number;
  /** When it is given up, by performance.now() of this process; Infinity for most. */
  readonly deadline: number;
}

/** What the submitter gets back. */
export interface Accepted {
  readonly requestId: string;
  readonly modelId: string;
}

/** A future as a client or a dashboard sees it. */
export interface FutureState {
  readonly requestId: string;
  readonly modelId: string;
  readonly kind: OperationKind;
  readonly status: OperationStatus;
  /** Operations of the same adapter that run before this one; 0 when it is running or settled. */
  readonly queuePosition: number;
  readonly result: OperationData | null;
  readonly error: SerializedError | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}
