import { Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { JobQueue, type QueueCounts } from './job-queue.js';

/** Stands where the queue dashboard is when there is no Bull queue. */
@ApiExcludeController()
@Controller('admin/queues')
export class NoBullBoardController {
  constructor(private readonly queue: JobQueue) {}

  @Get()
  async explain(): Promise<QueueCounts & { message: string }> {
    return {
      message:
        'There is no Bull queue to show: the queue runs inside this process because REDIS_URL is not set. ' +
        'Set REDIS_URL to get the dashboard here. GET /futures lists the requests in either case.',
      ...(await this.queue.counts()),
    };
  }
}
