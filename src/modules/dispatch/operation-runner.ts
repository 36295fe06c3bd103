import { Injectable, Logger } from '@nestjs/common';
import { type AppError, serializeError } from '../../common/errors/app-error.js';
import { toAppError } from '../../common/errors/internal.error.js';
import { encodeOperationData } from '../../formats/operation-data.codec.js';
import { type Operation, OperationLogRepository, type OperationRow, toOperation } from '../futures/index.js';
import { HandlerRegistry } from './handler-registry.js';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5000;

/** What became of an operation; 'not ours' = another worker has taken it meanwhile and nothing was written. */
export type Outcome =
  { readonly status: 'completed' | 'not ours' } | { readonly status: 'failed'; readonly error: AppError };

/**
 * Runs one claimed operation with its handler and stores the outcome. A result that was computed is not given up when
 * the database goes away: storing is tried again until it works or the worker is told to stop.
 */
@Injectable()
export class OperationRunner {
  private readonly logger = new Logger(OperationRunner.name);

  constructor(
    private readonly registry: HandlerRegistry,
    private readonly log: OperationLogRepository,
  ) {}

  async run(row: OperationRow, workerId: string, stopped: AbortSignal): Promise<Outcome> {
    const computed = await this.compute(row);
    const stored = await this.keepTrying(row, stopped, () =>
      computed.error === null
        ? this.log.complete(row.request_id, workerId, computed.result)
        : this.log.fail(row.request_id, workerId, serializeError(computed.error)),
    );
    if (!stored) {
      this.logger.warn(`${row.kind} ${row.request_id} was taken by another worker; its result here is dropped`);
      return { status: 'not ours' };
    }
    if (computed.operation !== null) await this.tellObservers(computed.operation, computed.error);
    return computed.error === null ? { status: 'completed' } : { status: 'failed', error: computed.error };
  }

  private async compute(row: OperationRow): Promise<Computed> {
    let operation: Operation | null = null;
    try {
      operation = toOperation(row);
      const result = encodeOperationData(await this.registry.handlerOf(row.kind).run(operation));
      return { operation, result, error: null };
    } catch (error) {
      return { operation, error: toAppError(error, `in ${row.kind} ${row.request_id}`, this.logger) };
    }
  }

  private async keepTrying(row: OperationRow, stopped: AbortSignal, store: () => Promise<boolean>): Promise<boolean> {
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_RETRY_MS)) {
      try {
        return await store();
      } catch (error) {
        if (stopped.aborted) return false;
        this.logger.warn(`Could not store ${row.request_id}, trying again in ${delayMs} ms: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }

  private async tellObservers(operation: Operation, error: AppError | null): Promise<void> {
    for (const observer of this.registry.observers) {
      try {
        await observer.settled(operation, error === null ? 'completed' : 'failed');
      } catch (problem) {
        toAppError(problem, `after ${operation.kind} ${operation.requestId}`, this.logger);
      }
    }
  }
}

type Computed =
  | { readonly operation: Operation; readonly result: Uint8Array; readonly error: null }
  | { readonly operation: Operation | null; readonly error: AppError };
