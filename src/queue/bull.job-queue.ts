import { InjectQueue } from '@nestjs/bull';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Queue } from 'bull';
import { AppConfig } from '../config/app-config.js';
import { DASHBOARD_ROUTE, OPERATIONS_QUEUE } from './bull.options.js';
import { type Job, type JobHandler, JobQueue, type QueueCounts } from './job-queue.js';
import { RedisUnavailableError } from './redis.error.js';

/**
 * The queue on Redis. One processor takes jobs of every name: two named processors on one queue would run side by side
 * with the concurrency of both. It is registered by process() and not by a @Process decorator because those start
 * while modules initialise, before the engine is loaded, and on a standby worker too.
 */
@Injectable()
export class BullJobQueue extends JobQueue implements OnModuleInit {
  readonly name = 'redis';
  readonly driver = 'bull';
  readonly dashboard = DASHBOARD_ROUTE;
  private readonly logger = new Logger(BullJobQueue.name);
  private handler: JobHandler | null = null;
  private paused = false;
  private lost = false;
  private closing = false;

  constructor(
    private readonly config: AppConfig,
    @InjectQueue(OPERATIONS_QUEUE) private readonly queue: Queue<Job>,
  ) {
    super();
  }

  /** Fails when Redis cannot be reached; once it has been there, losing it is survived. */
  async onModuleInit(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error) => reject(new RedisUnavailableError(this.config.redisUrl, error));
      this.queue.once('error', fail);
      this.ping().then(() => {
        this.queue.off('error', fail);
        resolve();
      }, fail);
    }).catch(async (error: unknown) => {
      await this.close();
      throw error;
    });
    this.queue.on('error', (error) => this.reportError(error));
    this.queue.client.on('reconnecting', () => this.reportLoss('the connection was closed'));
    this.queue.client.on('ready', () => this.reportReturn());
  }

  async add(job: Job): Promise<void> {
    await this.queue.add(job.kind, job, { jobId: job.requestId });
  }

  process(handler: JobHandler): void {
    if (this.handler === null) {
      this.handler = handler;
      // Settles when the queue is closed; a lost connection is reported by the 'error' event.
      this.queue
        .process('*', this.config.queueConcurrency, async (job) => this.handler?.(job.data))
        .catch((error: unknown) => this.logger.error(`The queue has stopped: ${String(error)}`));
    } else {
      this.handler = handler;
      this.paused = false;
      this.queue
        .resume(true)
        .catch((error: unknown) => this.logger.error(`Could not resume the queue: ${String(error)}`));
    }
  }

  async pause(): Promise<void> {
    // A second pause would open a connection that the first is opening.
    if (this.handler === null || this.paused) return;
    this.paused = true;
    await this.queue.pause(true, true);
  }

  async counts(): Promise<QueueCounts> {
    const { waiting, active } = await this.queue.getJobCounts();
    return { waiting, active };
  }

  async ping(): Promise<void> {
    await this.queue.client.ping();
  }

  async close(): Promise<void> {
    this.closing = true;
    await this.queue.close(true);
  }

  /** Bull reports what happens to jobs here as well, and only the connection tells that Redis is gone. */
  private reportError({ message }: Error): void {
    if (this.queue.client.status !== 'ready') this.reportLoss(message);
    else if (!this.closing)
      this.logger.warn(`The queue reported an error: ${message}. Requests are safe in the database`);
  }

  private reportLoss(reason: string): void {
    if (!this.lost && !this.closing)
      this.logger.warn(`Lost the connection to Redis (${reason}); requests are still accepted, and sweeps find them`);
    this.lost = true;
  }

  private reportReturn(): void {
    if (this.lost) this.logger.log('The connection to Redis is restored');
    this.lost = false;
  }
}
