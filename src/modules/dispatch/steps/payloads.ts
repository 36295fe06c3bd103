import { Injectable } from '@nestjs/common';
import { FairSemaphore } from '../../../common/concurrency/fair-semaphore.js';
import { AppConfig } from '../../../config/app-config.js';
import { type ClaimedRow, ClaimRepository, type OperationRow } from '../../futures/index.js';

/** A row with its payload in memory. */
export interface LoadedPayload {
  readonly row: OperationRow;
  /** Frees its share of the budget; call it once. */
  readonly release: () => void;
}

/**
 * Loads the payloads of claimed rows, and bounds the bytes of large ones in this worker's memory, as BodiesInFlight does
 * for the API: claims are many, and most of them wait for the engine.
 */
@Injectable()
export class Payloads {
  private readonly budget: FairSemaphore;

  constructor(
    config: AppConfig,
    private readonly rows: ClaimRepository,
  ) {
    this.budget = new FairSemaphore(config.bodiesInFlightMb * 2 ** 20, 0);
  }

  /** Resolves when the budget has room for the payload and it is there. Small payloads came with the claim. */
  async load(row: ClaimedRow): Promise<LoadedPayload> {
    if (row.request !== null) return { row: { ...row, request: row.request }, release: () => undefined };
    const release = await this.budget.acquire(row.owner, row.request_bytes);
    try {
      return { row: { ...row, request: await this.rows.readRequest(row.request_id) }, release };
    } catch (error) {
      release();
      throw error;
    }
  }
}
