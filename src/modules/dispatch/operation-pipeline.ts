import { Injectable, Logger } from '@nestjs/common';
import { type AppError } from '../../common/errors/app-error.js';
import { DatabaseOutageError } from '../../common/errors/database-outage.error.js';
import { toAppError } from '../../common/errors/internal.error.js';
import { StorageOutageError } from '../../common/errors/storage.errors.js';
import { FaultPoints } from '../../common/fault-points.js';
import { runLogged } from '../../common/logging/log-context.js';
import { operationReturned, operationSettled } from '../../common/probes.js';
import { traced } from '../../common/tracing/tracing.js';
import { EngineStoppedError } from '../../compute/engine-stopped.error.js';
import { NO_USAGE } from '../../domain/usage.js';
import { encodeOperationData } from '../../formats/operation-data.codec.js';
import { type Completion, DeadlineExceededError, type Operation, toOperation } from '../futures/index.js';
import { type AdapterQueue } from './adapter-queue.js';
import { HandlerRegistry } from './handler-registry.js';
import { type ClaimedOperation, Claims } from './steps/claims.js';
import { traceOperation } from './operation-trace.js';
import { Isolation } from './steps/isolation.js';
import { Notifications } from './steps/notifications.js';
import { type Computed, Outcomes } from './steps/outcomes.js';
import { Pauses } from './steps/pauses.js';
import { Payloads } from './steps/payloads.js';
import { type WorkPeriod } from './work-period.js';

/** The driver reads bytes as text, two digits each, and a string of JavaScript holds 2^29 characters. */
const MAX_RESULT_BYTES = 250 * 2 ** 20;

/** Why a computation that failed is tried again. */
type Retry = 'engine lost' | 'cut off' | 'no room';

/**
 * What became of an operation. 'not ours' = another worker has taken it meanwhile and nothing was written; 'engine lost',
 * 'cut off' (by an outage of the database), 'no room' (on a disk) and 'not begun' = it waits again.
 */
export type Outcome =
  | { readonly status: 'completed' | 'not ours' | 'not begun' | Retry }
  | { readonly status: 'failed'; readonly error: AppError };

/**
 * The steps of one operation:
 *
 *   claim          a slot of this worker, then the queue's next row
 *   isolate        wait for the turn; alone, when workers have died while the operation ran
 *   begin          from now on a death of the worker counts against the operation
 *   load payload   within the worker's budget of bytes
 *   compute        the kind's handler: it makes the adapter resident, then calls the backend
 *   store          the result or the error, if the claim still holds; or put the operation back
 *   notify         the listeners of operations, then the worker
 *
 * The row decides at each step that writes: a claim or lease that is outdated writes nothing.
 */
@Injectable()
export class OperationPipeline {
  private readonly logger = new Logger(OperationPipeline.name);
  private readonly isolation = new Isolation();
  private readonly pauses = new Pauses();

  constructor(
    private readonly claims: Claims,
    private readonly payloads: Payloads,
    private readonly registry: HandlerRegistry,
    private readonly outcomes: Outcomes,
    private readonly notifications: Notifications,
    private readonly faults: FaultPoints,
  ) {}

  /** Claims the queue's next operation; null when none may run now. A paused queue is woken again by a sweep. */
  async claim(queue: AdapterQueue, period: WorkPeriod): Promise<ClaimedOperation | null> {
    return this.pauses.isPaused(queue.key) ? null : this.claims.next(queue, period);
  }

  /** Takes a claimed operation through the other steps. */
  run(claimed: ClaimedOperation): Promise<Outcome> {
    const { request_id: operationId, owner } = claimed.row;
    return runLogged({ operationId, owner }, () => traceOperation(claimed, () => this.runAlone(claimed)));
  }

  private async runAlone(claimed: ClaimedOperation): Promise<Outcome> {
    const leave = await traced('wait for turn', () => this.isolation.enter(!claimed.row.begun));
    try {
      const outcome = await this.runInTurn(claimed);
      // Before the turn passes on: the next operation must not begin on an engine that is gone.
      this.notifyWorker(claimed, outcome);
      return outcome;
    } finally {
      leave();
      this.claims.release(claimed);
    }
  }

  private async runInTurn(claimed: ClaimedOperation): Promise<Outcome> {
    if (!claimed.period.isOpen) {
      await this.outcomes.putBack(claimed);
      return { status: 'not begun' };
    }
    if (!(await this.outcomes.begin(claimed))) return { status: 'not ours' };
    this.faults.reach('operation-claimed');
    const computed = await traced('compute', () => this.compute(claimed));
    this.faults.reach('result-computed');
    const retry = retryAfter(computed.error);
    if (retry !== null) return this.putBack(claimed, computed, retry);
    return this.settle(claimed, computed);
  }

  private async compute({ row, claim, deadline }: ClaimedOperation): Promise<Computed> {
    let operation: Operation | null = null;
    try {
      const payload = await traced('load payload', () => this.payloads.load(row));
      try {
        operation = toOperation(payload.row, claim.lease, deadline);
        if (performance.now() >= deadline) throw new DeadlineExceededError(row.request_id);
        await this.notifications.begun(operation);
        return { operation, error: null, ...(await this.runHandler(operation)) };
      } finally {
        payload.release();
      }
    } catch (error) {
      return { operation, error: toAppError(error, `in ${row.kind} ${row.request_id}`, this.logger) };
    }
  }

  private async runHandler(operation: Operation): Promise<Completion> {
    const handler = this.registry.handlerOf(operation.kind);
    const { result, effect = {}, usage = NO_USAGE } = await handler.run(operation);
    const bytes = encodeOperationData(result);
    if (bytes.byteLength > MAX_RESULT_BYTES) throw new RangeError(`the result has ${bytes.byteLength} bytes`);
    return { result: bytes, effect, usage };
  }

  /** The operation waits again. What it did in memory is dropped first; a lost engine has dropped everything. */
  private async putBack(claimed: ClaimedOperation, { operation, error }: Computed, retry: Retry): Promise<Outcome> {
    if (retry === 'engine lost') {
      await this.outcomes.putBackAfterCrash(claimed);
    } else {
      const { kind, request_id: requestId } = claimed.row;
      this.logger.warn(`${kind} ${requestId} waits again (${retry}): ${String(error?.message)}`);
      if (operation !== null) await this.notifications.settled(operation, error);
      await this.outcomes.putBack(claimed);
    }
    operationReturned.publish({ reason: retry });
    return { status: retry };
  }

  private async settle(claimed: ClaimedOperation, computed: Computed): Promise<Outcome> {
    const stored = await traced('store result', () => this.outcomes.store(claimed, computed));
    if (stored === null) {
      const { kind, request_id: requestId } = claimed.row;
      this.logger.warn(`${kind} ${requestId} was taken by another worker; its result here is dropped`);
      return { status: 'not ours' };
    }
    this.faults.reach('result-written');
    const { operation, error } = stored;
    publishSettled(claimed, stored);
    if (operation !== null) await this.notifications.settled(operation, error);
    return error === null ? { status: 'completed' } : { status: 'failed', error };
  }

  private notifyWorker({ row, queueKey, period }: ClaimedOperation, { status }: Outcome): void {
    if (status === 'no room') this.pauses.extend(queueKey);
    else this.pauses.end(queueKey);
    if (status === 'not ours') period.listener.onFenced(row.adapter_id);
    if (status === 'engine lost') period.listener.onEngineLost();
  }
}

function publishSettled({ row: { kind, owner }, claimedAt }: ClaimedOperation, stored: Computed): void {
  const seconds = (performance.now() - claimedAt) / 1000;
  const usage = stored.error === null ? stored.usage : NO_USAGE;
  operationSettled.publish({ kind, owner, errorCode: stored.error?.code ?? null, seconds, usage });
}

function retryAfter(error: AppError | null): Retry | null {
  if (error instanceof EngineStoppedError) return 'engine lost';
  if (error instanceof DatabaseOutageError) return 'cut off';
  return error instanceof StorageOutageError ? 'no room' : null;
}
