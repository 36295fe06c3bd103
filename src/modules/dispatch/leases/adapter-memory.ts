import { Injectable, Logger } from '@nestjs/common';
import { toAppError } from '../../../common/errors/internal.error.js';
import { type OperationObserver } from '../../futures/index.js';
import { HandlerRegistry } from '../handler-registry.js';
import { Leases } from './leases.js';

/** What the observers of operations keep in memory, seen from the worker as a whole. */
@Injectable()
export class AdapterMemory {
  private readonly logger = new Logger(AdapterMemory.name);

  constructor(
    private readonly registry: HandlerRegistry,
    private readonly leases: Leases,
  ) {}

  /** Lets the observers write state down. Call when nothing runs. */
  async flush(): Promise<void> {
    await this.tell('flushing', (observer) => observer.drained());
  }

  /** Forgets the adapters whose leases other workers have taken. */
  async dropLost(): Promise<void> {
    for (const adapterId of await this.leases.findLost()) {
      this.logger.warn(`Another worker has taken adapter ${adapterId}; what is in memory here is dropped`);
      await this.drop(adapterId);
    }
  }

  /** Forgets an adapter, so that it is restored from its snapshot and the log when next needed here. */
  async drop(adapterId: string): Promise<void> {
    await this.tell(`dropping ${adapterId}`, (observer) => observer.dropped(adapterId));
  }

  holds(adapterId: string): boolean {
    return this.registry.observers.some((observer) => observer.holds(adapterId));
  }

  surplus(): readonly string[] {
    return [...new Set(this.registry.observers.flatMap((observer) => observer.surplus()))];
  }

  /** Lets an adapter that still is surplus leave the memory. Call in its line. */
  async park(adapterId: string): Promise<void> {
    if (this.surplus().includes(adapterId)) await this.unload(adapterId);
  }

  /** Lets an adapter leave the memory. Call in its line. */
  async unload(adapterId: string): Promise<void> {
    await this.tell(`unloading ${adapterId}`, (observer) => observer.unload(adapterId));
  }

  private async tell(what: string, act: (observer: OperationObserver) => Promise<void>): Promise<void> {
    for (const observer of this.registry.observers) {
      await act(observer).catch((error: unknown) => toAppError(error, `while ${what}`, this.logger));
    }
  }
}
