import { Injectable, Logger } from '@nestjs/common';
import { within } from '../../common/concurrency/within.js';
import { JobQueue } from '../../queue/job-queue.js';
import { JobWindow } from '../../queue/job-window.js';
import { ClaimRepository } from '../futures/index.js';
import { Dispatcher } from './dispatcher.js';
import { Maintenance } from './maintenance.js';
import { type DispatchListener } from './work-period.js';

/** Opens and closes the ways by which work reaches the dispatcher: the queue and the sweep. */
@Injectable()
export class WorkIntake {
  private readonly logger = new Logger(WorkIntake.name);
  private paused: Promise<void> = Promise.resolve();
  private swept: Promise<void> = Promise.resolve();

  constructor(
    private readonly queue: JobQueue,
    private readonly window: JobWindow,
    private readonly dispatcher: Dispatcher,
    private readonly maintenance: Maintenance,
    private readonly rows: ClaimRepository,
  ) {}

  /** Takes work under this worker's id. */
  open(workerId: string, listener: DispatchListener): void {
    this.dispatcher.start(workerId, listener);
    this.queue.process((job) => this.window.hold(job.owner ?? '', this.dispatcher.dispatch(job)));
    this.maintenance.start();
    this.logger.log(`${workerId} is ready for operations`);
  }

  /** Takes no more; what runs goes on, and so does what is periodic. */
  hold(): void {
    this.dispatcher.pause();
    this.pauseQueue();
  }

  /** Gives every adapter that is not in use to other workers. Call again for those that were. */
  handOver(): void {
    this.maintenance.handOver();
  }

  /** Takes no more; what runs goes on. */
  close(): void {
    this.dispatcher.pause();
    this.swept = this.maintenance.stop();
    this.pauseQueue();
  }

  private pauseQueue(): void {
    this.paused = this.queue
      .pause()
      .catch((error: unknown) => this.logger.warn(`Could not pause the queue: ${String(error)}`));
  }

  drained(): Promise<void> {
    return this.dispatcher.drained();
  }

  /**
   * Closes for good. True when everything that ran has ended within the time; else it is put back, for the next
   * worker, and false.
   */
  async drain(workerId: string, graceMs: number): Promise<boolean> {
    this.close();
    // A sweep may still take leases and wake their queues.
    const ended = await within(
      graceMs,
      this.swept.then(() => this.dispatcher.drained()),
    );
    if (!ended) {
      this.dispatcher.abandon();
      const count = await this.rows.releaseOwn(workerId);
      this.logger.warn(`${count} operations did not finish in time; the next worker will run them again`);
    }
    // Closing a queue that is still being paused leaves connections behind.
    await this.paused;
    await this.queue.close();
    return ended;
  }
}
