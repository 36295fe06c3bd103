import { Injectable, Logger } from '@nestjs/common';
import { type AppError, serializeError } from '../../common/errors/app-error.js';
import { toAppError } from '../../common/errors/internal.error.js';
import { StorageOutageError } from '../../common/errors/storage.errors.js';
import { FaultPoints } from '../../common/fault-points.js';
import { DatabaseOutageError, isUnstorable } from '../../common/errors/database-outage.error.js';
import { NO_USAGE } from '../../domain/usage.js';
import { EngineStoppedError } from '../../compute/engine-stopped.error.js';
import { encodeOperationData } from '../../formats/operation-data.codec.js';
import {
  FailedWithEffectError,
  type Claim,
  type ClaimedRow,
  type Completion,
  type Operation,
  OperationLogRepository,
  type SettledOutcome,
  toOperation,
} from '../futures/index.js';
import { HandlerRegistry } from './handler-registry.js';
import { LeaseRepository } from './leases/lease.repository.js';
import { Payloads } from './payloads.js';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5000;

/** The driver reads bytes as text, two digits each, and a string of JavaScript holds 2^29 characters. */
const MOST_RESULT_BYTES = 250 * 2 ** 20;

/**
 * What became of an operation. 'not ours' = another worker has taken it meanwhile and nothing was written; 'engine lost',
 * 'cut off' (by an outage of the database), 'no room' (on a disk) and 'not begun' = it waits again.
 */
export type Outcome =
  | { readonly status: 'completed' | 'not ours' | 'engine lost' | 'cut off' | 'no room' | 'not begun' }
  | { readonly status: 'failed'; readonly error: AppError };

/** Under which rights an operation runs. */
export interface RunContext {
  readonly workerId: string;
  readonly lease: number;
  /** False: the worker has closed, or lost its engine, while the operation waited for its turn. */
  readonly isOpen: boolean;
  /** Aborts when results that cannot be stored are to be given up. */
  readonly stopped: AbortSignal;
}

/**
 * Runs one claimed operation with its handler and stores the outcome. A result that was computed is not given up when
 * the database goes away: storing is tried again until it works or the worker is told to stop. One that the database can
 * never take becomes a failure: it would keep the adapter's line from everything after it.
 */
@Injectable()
export class OperationRunner {
  private readonly logger = new Logger(OperationRunner.name);

  constructor(
    private readonly registry: HandlerRegistry,
    private readonly log: OperationLogRepository,
    private readonly leases: LeaseRepository,
    private readonly faults: FaultPoints,
    private readonly payloads: Payloads,
  ) {}

  /** To be called when it is the operation's turn. */
  async run(row: ClaimedRow, { workerId, lease, isOpen, stopped }: RunContext): Promise<Outcome> {
    const claim: Claim = { ...row, workerId, lease };
    if (!isOpen) {
      await this.keepTrying(row, stopped, () => this.log.handBack(claim).then(() => true));
      return { status: 'not begun' };
    }
    if (!row.begun && !(await this.keepTrying(row, stopped, () => this.log.begin(claim))))
      return { status: 'not ours' };
    this.faults.reach('operation-claimed');
    return this.runBegun(row, claim, stopped);
  }

  private async runBegun(row: ClaimedRow, claim: Claim, stopped: AbortSignal): Promise<Outcome> {
    const computed = await this.compute(row, claim.lease);
    this.faults.reach('result-computed');
    if (computed.error instanceof EngineStoppedError) {
      await this.keepTrying(row, stopped, () => this.leases.returnClaim(claim).then(() => true));
      return { status: 'engine lost' };
    }
    if (computed.error instanceof DatabaseOutageError) {
      this.logger.warn(`${row.kind} ${row.request_id} was cut off by an outage of the database and runs again`);
      await this.undo(row, claim, computed, stopped);
      return { status: 'cut off' };
    }
    if (computed.error instanceof StorageOutageError) {
      this.logger.warn(`${row.kind} ${row.request_id} waits and runs again: ${computed.error.message}`);
      await this.undo(row, claim, computed, stopped);
      return { status: 'no room' };
    }
    const ended = await this.store(row, claim, computed, stopped);
    if (ended === null) {
      this.logger.warn(`${row.kind} ${row.request_id} was taken by another worker; its result here is dropped`);
      return { status: 'not ours' };
    }
    this.faults.reach('result-written');
    if (ended.operation !== null) await this.notifyListeners(ended.operation, ended.error);
    return ended.error === null ? { status: 'completed' } : { status: 'failed', error: ended.error };
  }

  /** Puts an operation that could not be finished back into its line; what it did in memory is dropped. */
  private async undo(
    row: ClaimedRow,
    claim: Claim,
    { operation, error }: Computed,
    stopped: AbortSignal,
  ): Promise<void> {
    if (operation !== null) await this.notifyListeners(operation, error);
    await this.keepTrying(row, stopped, () => this.log.handBack(claim).then(() => true));
  }

  /** What is in the row now; null where that is no longer this claim's. */
  private async store(
    row: ClaimedRow,
    claim: Claim,
    computed: Computed,
    stopped: AbortSignal,
  ): Promise<Computed | null> {
    const { error } = computed;
    const write = () =>
      error === null
        ? this.log.complete(claim, computed)
        : this.log.fail(claim, serializeError(error), error instanceof FailedWithEffectError ? error.effect : {});
    try {
      return (await this.keepTrying(row, stopped, write)) ? computed : null;
    } catch (refusal) {
      const failure = toAppError(refusal, `while storing what came of ${row.kind} ${row.request_id}`, this.logger);
      const failed = await this.keepTrying(row, stopped, () => this.log.fail(claim, serializeError(failure)));
      return failed ? { operation: computed.operation, error: failure } : null;
    }
  }

  private async compute(row: ClaimedRow, lease: number): Promise<Computed> {
    let operation: Operation | null = null;
    try {
      return await this.payloads.use(row, async (whole) => {
        operation = toOperation(whole, lease);
        const handler = this.registry.handlerOf(row.kind);
        const { result, effect = {}, usage = NO_USAGE } = await handler.run(operation);
        const bytes = encodeOperationData(result);
        if (bytes.byteLength > MOST_RESULT_BYTES) throw new RangeError(`the result has ${bytes.byteLength} bytes`);
        return { operation, result: bytes, effect, usage, error: null };
      });
    } catch (error) {
      return { operation, error: toAppError(error, `in ${row.kind} ${row.request_id}`, this.logger) };
    }
  }

  /** @throws what isUnstorable tells; anything else may pass. */
  private async keepTrying(row: ClaimedRow, stopped: AbortSignal, store: () => Promise<boolean>): Promise<boolean> {
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_RETRY_MS)) {
      try {
        return await store();
      } catch (error) {
        if (stopped.aborted) return false;
        if (isUnstorable(error)) throw error;
        this.logger.warn(`Could not store ${row.request_id}, trying again in ${delayMs} ms: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }

  private async notifyListeners(operation: Operation, error: AppError | null): Promise<void> {
    for (const listener of this.registry.listeners) {
      try {
        await listener.settled(operation, outcomeOf(error));
      } catch (problem) {
        toAppError(problem, `after ${operation.kind} ${operation.requestId}`, this.logger);
      }
    }
  }
}

function outcomeOf(error: AppError | null): SettledOutcome {
  if (error === null) return 'completed';
  return error instanceof FailedWithEffectError ? 'failed with effect' : 'failed';
}

type Computed =
  | ({ readonly operation: Operation; readonly error: null } & Completion)
  | { readonly operation: Operation | null; readonly error: AppError };
