import { Injectable } from '@nestjs/common';
import { Semaphore } from '../../common/semaphore.js';
import { AppConfig } from '../../config/app-config.js';
import { type ClaimedRow, OperationLogRepository, type OperationRow } from '../futures/index.js';

/**
 * Bounds the bytes of large payloads in this worker's memory, as BodiesInFlight does for the API: claims are many, and
 * most of them wait for the engine.
 */
@Injectable()
export class Payloads {
  private readonly room: Semaphore;

  constructor(
    config: AppConfig,
    private readonly log: OperationLogRepository,
  ) {
    this.room = new Semaphore(config.bodiesInFlightMb * 2 ** 20);
  }

  /** Does the work with the payload, as soon as there is room for it. */
  async use<T>(row: ClaimedRow, work: (row: OperationRow) => Promise<T>): Promise<T> {
    if (row.request !== null) return work({ ...row, request: row.request });
    const leave = await this.room.acquire(row.request_bytes);
    try {
      return await work({ ...row, request: await this.log.readRequest(row.request_id) });
    } finally {
      leave();
    }
  }
}
