import { Injectable, Logger } from '@nestjs/common';
import { type AppError } from '../../../common/errors/app-error.js';
import { toAppError } from '../../../common/errors/internal.error.js';
import { FailedWithEffectError } from '../../../operations/operation-outcome.js';
import { type Operation, type OperationListener, type SettledOutcome } from '../../futures/index.js';
import { HandlerRegistry } from '../handler-registry.js';

/** Notifies the listeners of operations, one after another. One that fails is logged and does not stop the others. */
@Injectable()
export class Notifications {
  private readonly logger = new Logger(Notifications.name);

  constructor(private readonly registry: HandlerRegistry) {}

  /** The operation is about to be computed. */
  async begun(operation: Operation): Promise<void> {
    await this.notify(`before ${operation.kind} ${operation.requestId}`, (listener) => listener.begun?.(operation));
  }

  /** The operation was computed and its outcome stored, or it is about to be put back after this error. */
  async settled(operation: Operation, error: AppError | null): Promise<void> {
    const outcome = outcomeOf(error);
    await this.notify(`after ${operation.kind} ${operation.requestId}`, (listener) =>
      listener.settled(operation, outcome),
    );
  }

  private async notify(when: string, act: (listener: OperationListener) => Promise<void> | undefined): Promise<void> {
    for (const listener of this.registry.listeners) {
      try {
        await act(listener);
      } catch (problem) {
        toAppError(problem, when, this.logger);
      }
    }
  }
}

function outcomeOf(error: AppError | null): SettledOutcome {
  if (error === null) return 'completed';
  return error instanceof FailedWithEffectError ? 'failed with effect' : 'failed';
}
