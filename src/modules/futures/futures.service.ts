import { createHash } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ulid } from 'ulid';
import { currentOwner } from '../../common/caller.js';
import { currentDeadline } from '../../common/deadline.js';
import { type AppError, deserializeError, serializeError } from '../../common/errors/app-error.js';
import { NotFoundError } from '../../common/errors/request.errors.js';
import { addToLog } from '../../common/logging/log-context.js';
import { currentTraceparent } from '../../common/tracing/tracing.js';
import { FaultPoints } from '../../common/fault-points.js';
import { afterCommit } from '../../database/after-commit.js';
import { whenDatabaseIsBack } from '../../database/outage.js';
import { type OperationData } from '../../domain/operation-data.js';
import { isSettled, type OperationKind } from '../../domain/operation.js';
import { isCancellable, OPERATIONS } from '../../operations/operations.js';
import { decodeOperationData, encodeOperationData } from '../../formats/operation-data.codec.js';
import { EventBus, EVENT_CHANNELS } from '../../events/event-bus.js';
import { type Job, JobQueue } from '../../queue/job-queue.js';
import { type FutureEntity } from './entities/future.entity.js';
import { FutureNotFoundError } from './errors/future-not-found.error.js';
import { RequestCancelledError } from './errors/request-cancelled.error.js';
import { SeqIdReusedError } from './errors/seq-id-reused.error.js';
import { ShuttingDownError } from './errors/shutting-down.error.js';
import { type Accepted, type FutureState, type NewOperation } from './log/operation.js';
import {
  type SettledSample,
  FutureRepository,
  type FutureSummary,
  type RequestOutline,
  type TimeRange,
  type NewFutureRow,
  type SeqRange,
} from './repositories/future.repository.js';
import { type FutureFilter } from './repositories/future-filter.js';
import { QueueLoad } from './queue-load.js';
import { checkRequestSize } from './request-size.js';
import { WaiterHub } from './waiter-hub.js';

/** Anything else is not an id of ours, and some of it Postgres refuses. */
const REQUEST_ID = /^\w{1,100}$/;

/** Of a sampling session, reported at once. */
const MAX_COMPLETIONS = 1000;

/** How long one look of `result` at a row waits. */
const LOOK_MS = 20_000;

/**
 * Puts operations into the log and tells what became of them. Knows nothing of what they mean: handlers in the worker
 * do. The row is the truth; a queue that cannot be reached delays an operation but does not lose it.
 */
@Injectable()
export class FuturesService {
  private readonly logger = new Logger(FuturesService.name);

  constructor(
    private readonly futures: FutureRepository,
    private readonly queue: JobQueue,
    private readonly waiters: WaiterHub,
    private readonly faults: FaultPoints,
    private readonly load: QueueLoad,
    private readonly events: EventBus,
  ) {}

  /**
   * Accepts an operation: one row, then (after the commit of `manager`'s transaction, where one is given) a job that
   * wakes a worker. A repeat of (adapter, seq_id), or of the idempotency key, with the same request gives the first one's id again.
   * Throws SeqIdReusedError when the repeat differs, NotFoundError when the adapter has been deleted, QueueFullError for
   * a new request (never for a repeat, nor for one that frees memory) when too many wait, PayloadTooLargeError. Outside of a
   * transaction it outlives a restart of the database: the row's id is chosen before, so that a second try finds what
   * the first has inserted.
   */
  async submit(operation: NewOperation, manager: EntityManager = this.futures.manager): Promise<Accepted> {
    const row = toRow(operation);
    const { refusal = null } = operation;
    if (manager.queryRunner?.isTransactionActive === true) return this.accept(row, refusal, manager);
    // Not in a transaction: the count would wait for a second connection while it holds one.
    await this.load.refresh();
    return this.load.inTurn(row.owner, () => whenDatabaseIsBack(() => this.accept(row, refusal, manager)));
  }

  private async accept(row: NewFutureRow, refused: AppError | null, manager: EntityManager): Promise<Accepted> {
    const isTaken = OPERATIONS[row.kind].acceptedWhenFull;
    const ofOpen = isTaken ? null : await this.load.refusalOfOpen(row.owner, manager);
    const refusal = refused ?? (isTaken ? null : (ofOpen ?? this.load.refusal(row.owner)));
    if (refusal !== null) return this.acceptRepeat(row, refusal, manager);
    if (await this.load.track(row.owner, () => this.futures.insert(row, manager))) {
      addToLog({ operationId: row.requestId });
      afterCommit(manager, () => this.enqueue(row));
      return { requestId: row.requestId, modelId: row.modelId };
    }
    const gone = new NotFoundError('Adapter', row.modelId, { field: 'model_id' });
    return this.acceptRepeat(row, gone, manager);
  }

  /** The request that this one repeats; throws `otherwise` when there is none. */
  private async acceptRepeat(row: NewFutureRow, otherwise: AppError, manager: EntityManager): Promise<Accepted> {
    const { seqId, idempotencyKey, modelId } = row;
    const first = await this.futures.findFirst(row, manager);
    if (first === null) throw otherwise;
    if (first.requestId === row.requestId) this.enqueue(row);
    if (!first.requestHash.equals(row.requestHash)) {
      throw new SeqIdReusedError(modelId, seqId ?? idempotencyKey ?? '', first.requestId);
    }
    return { requestId: first.requestId, modelId };
  }

  /**
   * The state of a future as soon as it is settled, and at the latest after `waitMs`. Throws NotFoundError for an
   * unknown id.
   */
  async wait(requestId: string, waitMs: number, signal?: AbortSignal): Promise<FutureState> {
    const waiter = this.waiters.begin(requestId, waitMs, signal);
    try {
      const row = await this.findRow(requestId);
      if (isSettled(row.status)) return toState(row, 0);
      await waiter.ended;
    } finally {
      waiter.cancel();
    }
    return this.get(requestId);
  }

  /**
   * The result of an operation, however long it takes; null when the signal aborts before. Throws what the operation
   * failed with, and ShuttingDownError when this process stops before it is done.
   */
  async result(requestId: string, signal: AbortSignal): Promise<OperationData | null> {
    while (!signal.aborted) {
      const { error, result } = await this.wait(requestId, LOOK_MS, signal);
      if (error !== null) throw deserializeError(error);
      if (result !== null) return result;
      if (this.waiters.isClosed) throw new ShuttingDownError(requestId);
    }
    return null;
  }

  /** The state of a future now. Throws NotFoundError for an unknown id. */
  async get(requestId: string): Promise<FutureState> {
    const row = await this.findRow(requestId);
    const ahead = row.status === 'pending' ? await whenDatabaseIsBack(() => this.futures.countAhead(row)) : 0;
    return toState(row, ahead);
  }

  /**
   * Gives a request up: one that waits fails with RequestCancelledError and those behind it go on as if it had not been
   * sent; the worker that runs one is told; one that is settled stays as it is. Throws NotFoundError for an unknown id.
   */
  async cancel(requestId: string): Promise<void> {
    const { kind } = await this.summary(requestId);
    if (!isCancellable(kind)) return;
    await this.futures.cancel(requestId, serializeError(new RequestCancelledError(requestId)));
    await this.events.publish(EVENT_CHANNELS.requestCancelled, requestId);
  }

  /**
   * What is settled of a sampling session's requests after the number `after`, as soon as there is something and at the
   * latest after `waitMs`. The caller has checked that the session is the client's.
   */
  async completions(which: SeqRange, after: number, waitMs: number, signal: AbortSignal): Promise<SettledSample[]> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      const waiter = this.waiters.begin(which.samplerId, Math.max(deadline - performance.now(), 0), signal);
      try {
        const found = await whenDatabaseIsBack(() => this.futures.findSettledSamples(which, after, MAX_COMPLETIONS));
        const over = signal.aborted || this.waiters.isClosed || performance.now() >= deadline;
        if (found.length > 0 || over) return found;
        await waiter.ended;
      } finally {
        waiter.cancel();
      }
    }
  }

  /** A future without payload and result. Throws NotFoundError for an unknown id. */
  async summary(requestId: string): Promise<FutureSummary> {
    const row = REQUEST_ID.test(requestId) ? await this.futures.findSummary(requestId, currentOwner()) : null;
    if (row === null) throw new FutureNotFoundError(requestId);
    return row;
  }

  /** Newest first, at most `limit`, those before `beforePosition` where given. */
  list(filter: Omit<FutureFilter, 'owner'>, limit: number, beforePosition?: number): Promise<FutureSummary[]> {
    return this.futures.findPage({ ...filter, owner: currentOwner() }, limit, beforePosition);
  }

  /** The same of all owners, for operators. */
  listAll(filter: FutureFilter, limit: number, beforePosition?: number): Promise<FutureSummary[]> {
    return this.futures.findPage(filter, limit, beforePosition);
  }

  /** One of any owner, for operators. Throws NotFoundError for an unknown id. */
  async summaryForOperator(requestId: string): Promise<FutureSummary> {
    const row = REQUEST_ID.test(requestId) ? await this.futures.findSummary(requestId) : null;
    if (row === null) throw new FutureNotFoundError(requestId);
    return row;
  }

  /** The caller's requests of a Tinker session, newest first, at most `limit`. */
  ofSession(sessionId: string, limit: number): Promise<FutureSummary[]> {
    return this.futures.findPage({ owner: currentOwner(), sessionId }, limit);
  }

  /** The caller's requests of these kinds, newest first, with the checkpoint that each is about. */
  ofKinds(kinds: readonly OperationKind[], limit: number, range?: TimeRange): Promise<RequestOutline[]> {
    return this.futures.findOfKinds(currentOwner(), kinds, limit, range);
  }

  /** Fails the operations of an adapter that have not started; what runs, goes on. Returns how many. */
  failPending(adapterId: string, error: AppError, manager: EntityManager = this.futures.manager): Promise<number> {
    return this.futures.failPending(adapterId, serializeError(error), manager);
  }

  private async findRow(requestId: string): Promise<FutureEntity> {
    if (!REQUEST_ID.test(requestId)) throw new FutureNotFoundError(requestId);
    const row = await whenDatabaseIsBack(() => this.futures.findResult(currentOwner(), requestId));
    if (row === null) throw new FutureNotFoundError(requestId);
    return row;
  }

  /** Not awaited by the request: with Redis down the row waits for the worker's sweep. */
  private enqueue({ requestId, kind, adapterId, owner }: NewFutureRow): void {
    const job: Job = { requestId, kind, adapterId, owner };
    this.faults.reach('request-inserted');
    this.queue.add(job).catch((error: unknown) => {
      this.logger.warn(
        `Could not enqueue a job for ${job.requestId}; the worker's sweep will find it: ${String(error)}`,
      );
    });
  }
}

function toRow(operation: NewOperation): NewFutureRow {
  checkRequestSize(operation.request);
  const request = encodeOperationData(operation.request);
  return {
    requestId: `future_${ulid()}`,
    owner: currentOwner(),
    idempotencyKey: operation.idempotencyKey ?? null,
    kind: operation.kind,
    adapterId: operation.adapterId,
    modelId: operation.modelId,
    baseModel: operation.baseModel,
    seqId: operation.seqId ?? null,
    samplerId: operation.sampler?.id ?? null,
    sessionId: operation.sampler?.sessionId ?? null,
    request,
    traceparent: currentTraceparent(),
    deadline: isCancellable(operation.kind) ? currentDeadline() : Infinity,
    requestHash: createHash('sha256').update(operation.kind).update('\0').update(request).digest(),
  };
}

function toState(row: FutureEntity, queuePosition: number): FutureState {
  return {
    requestId: row.requestId,
    modelId: row.modelId,
    kind: row.kind,
    status: row.status,
    queuePosition,
    result: row.result === null ? null : decodeOperationData(row.result),
    error: row.error,
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
  };
}
