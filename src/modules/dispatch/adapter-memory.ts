import { Injectable, Logger } from '@nestjs/common';
import { toAppError } from '../../common/errors/internal.error.js';
import { ComputeBackend } from '../../compute/compute-backend.js';
import { OperationLogRepository } from '../futures/index.js';
import { HandlerRegistry } from './handler-registry.js';

/** The adapters in the engine's memory, as a whole. */
@Injectable()
export class AdapterMemory {
  private readonly logger = new Logger(AdapterMemory.name);

  constructor(
    private readonly backend: ComputeBackend,
    private readonly registry: HandlerRegistry,
    private readonly log: OperationLogRepository,
  ) {}

  /** Lets the observers write state down. Call when nothing runs. */
  async flush(): Promise<void> {
    for (const observer of this.registry.observers) {
      await observer.drained().catch((error: unknown) => toAppError(error, 'while flushing', this.logger));
    }
  }

  /** Forgets every adapter, so that each is restored from its snapshot and the log when next needed. */
  async drop(): Promise<void> {
    for (const id of await this.log.findAdapterIds()) {
      if (this.backend.hasAdapter(id)) await this.backend.deleteAdapter(id);
    }
    for (const observer of this.registry.observers) await observer.dropped();
  }
}
