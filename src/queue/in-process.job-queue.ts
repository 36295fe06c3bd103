import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { type Job, type JobHandler, JobQueue, type QueueCounts } from './job-queue.js';

/** The queue of a process that is API and worker in one, on a machine without Redis. Lost on exit, as jobs may be. */
@Injectable()
export class InProcessJobQueue extends JobQueue implements OnModuleInit {
  readonly name = 'queue';
  readonly driver = 'in-process';
  readonly dashboard = null;
  private readonly logger = new Logger(InProcessJobQueue.name);
  private readonly waiting: Job[] = [];
  private active = 0;
  private handler: JobHandler | null = null;

  constructor(private readonly concurrency: number) {
    super();
  }

  onModuleInit(): void {
    this.logger.log('REDIS_URL is not set: the job queue runs inside this process');
  }

  async add(job: Job): Promise<void> {
    this.waiting.push(job);
    this.startJobs();
    return Promise.resolve();
  }

  process(handler: JobHandler): void {
    this.handler = handler;
    this.startJobs();
  }

  async pause(): Promise<void> {
    this.handler = null;
    return Promise.resolve();
  }

  async counts(): Promise<QueueCounts> {
    return Promise.resolve({ waiting: this.waiting.length, active: this.active });
  }

  async ping(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await this.pause();
    this.waiting.length = 0;
  }

  private startJobs(): void {
    while (this.handler !== null && this.active < this.concurrency) {
      const job = this.waiting.shift();
      if (job === undefined) return;
      this.active++;
      // A failed request is stored and logged by its handler; here it only ends the job.
      this.handler(job)
        .catch((error: unknown) => this.logger.debug(`${job.kind} ${job.requestId}: ${String(error)}`))
        .finally(() => {
          this.active--;
          this.startJobs();
        });
    }
  }
}
