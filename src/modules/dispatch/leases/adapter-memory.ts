import { Injectable, Logger } from '@nestjs/common';
import { toAppError } from '../../../common/errors/internal.error.js';
import { type AdapterHolder } from '../../futures/index.js';
import { HandlerRegistry } from '../handler-registry.js';
import { Leases } from './leases.js';

/** The adapters in this worker's memory, whoever holds them. A holder that fails is logged and does not stop the others. */
@Injectable()
export class AdapterMemory {
  private readonly logger = new Logger(AdapterMemory.name);

  constructor(
    private readonly registry: HandlerRegistry,
    private readonly leases: Leases,
  ) {}

  /** Writes every adapter's state down. Call when nothing runs. */
  async drain(): Promise<void> {
    await this.forEachHolder('writing state snapshots', (holder) => holder.drain());
  }

  /** Evicts the adapters whose leases other workers have taken. */
  async evictLost(): Promise<void> {
    for (const adapterId of await this.leases.findLost()) {
      this.logger.warn(`Another worker has taken over adapter ${adapterId}; dropping its state from memory`);
      await this.forEachHolder(`evicting ${adapterId}`, (holder) => holder.evict(adapterId));
    }
  }

  holds(adapterId: string): boolean {
    return this.registry.holders.some((holder) => holder.holds(adapterId));
  }

  evictable(): readonly string[] {
    return [...new Set(this.registry.holders.flatMap((holder) => holder.evictable()))];
  }

  /** Unloads an adapter that is still evictable. Call in its queue. */
  async evictIfIdle(adapterId: string): Promise<void> {
    if (this.evictable().includes(adapterId)) await this.unload(adapterId);
  }

  /** Writes an adapter's state down and frees its memory. Call in its queue. */
  async unload(adapterId: string): Promise<void> {
    await this.forEachHolder(`unloading ${adapterId}`, (holder) => holder.unload(adapterId));
  }

  private async forEachHolder(what: string, act: (holder: AdapterHolder) => Promise<void>): Promise<void> {
    for (const holder of this.registry.holders) {
      await act(holder).catch((error: unknown) => toAppError(error, `while ${what}`, this.logger));
    }
  }
}
