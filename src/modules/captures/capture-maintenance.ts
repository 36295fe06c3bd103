import { Injectable } from '@nestjs/common';
import { PeriodicWork } from '../../common/periodic/periodic-work.js';
import { CaptureRepository } from './repositories/capture.repository.js';

const SETTLE_MS = 5000;
const EXPIRY_MS = 600_000;

/**
 * Completes captures of requests that nobody waited for to the end (asynchronous ones, clients that are gone, a process
 * that died), and deletes those whose time is over. All API processes do this; nothing happens twice.
 */
@Injectable()
export class CaptureMaintenance extends PeriodicWork {
  protected readonly tasks = [
    this.task({ purpose: 'settle captures', intervalMs: SETTLE_MS }, () => this.rows.settleOpen()),
    this.task({ purpose: 'delete expired captures', intervalMs: EXPIRY_MS, runsAtStart: true }, () =>
      this.rows.deleteExpired(),
    ),
  ];

  constructor(private readonly rows: CaptureRepository) {
    super();
  }
}
