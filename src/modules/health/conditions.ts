import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { StorageCheck } from '../../storage/storage-check.js';
import { AdapterRepository } from '../adapters/index.js';
import { withTimeout } from './with-timeout.js';

/** What an operator should look at although requests are computed: shown by /readyz, and no reason to be unready. */
@Injectable()
export class Conditions {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly adapters: AdapterRepository,
    private readonly storage: StorageCheck,
  ) {}

  /** A state that a repeat of the log did not give again. */
  async ofAdapters(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('adapters');
    try {
      return indicator.up({ diverged: await withTimeout(this.adapters.countDiverged()) });
    } catch (error) {
      return indicator.down({ message: error instanceof Error ? error.message : String(error) });
    }
  }

  /** On a full disk training goes on, and what has to be written waits. */
  async ofStorage(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('storage');
    try {
      const { writable, freeBytes, message } = await withTimeout(this.storage.condition());
      const freeMb = freeBytes === null ? null : Math.floor(freeBytes / 2 ** 20);
      return indicator.up({ writable, free_mb: freeMb, ...(message === undefined ? {} : { message }) });
    } catch (error) {
      return indicator.up({ writable: false, message: error instanceof Error ? error.message : String(error) });
    }
  }
}
