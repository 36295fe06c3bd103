import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiPost } from '../../../common/http/api-docs.js';
import { WorkersService } from '../../workers/index.js';
import { OperationLogRepository } from '../log/operation-log.repository.js';
import { PauseQueueDto, QueueDto } from './queue.dto.js';
import { presentQueue } from './queue.presenter.js';

const URL = 'http://127.0.0.1:8000/admin/queue';

/** The queue as a whole, for operators: the key gate lets nobody else come to /admin. */
@ApiTags('admin')
@Controller('admin/queue')
export class QueueController {
  constructor(
    private readonly workers: WorkersService,
    private readonly log: OperationLogRepository,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Get the state of the queue',
    description: `Pending and running operations, and whether the queue is paused. Requires one of ADMIN_KEYS. Example: \`curl ${URL}\``,
  })
  @ApiOkResponse({ type: QueueDto, description: 'The queue.' })
  async get(): Promise<QueueDto> {
    return presentQueue(await this.log.countOpen(), await this.workers.queuePause());
  }

  @Post('pause')
  @HttpCode(200)
  @ApiPost('admin/queue/pause', {
    summary: 'Pause the queue',
    description:
      'Workers start no more operations; running ones continue. Requests are still accepted, and polls for them ' +
      'report the reason. The pause outlives restarts. Requires one of ADMIN_KEYS.',
    type: PauseQueueDto,
    examples: { 'with a reason': { reason: 'new disks, back at 14:00 UTC' }, without: {} },
  })
  @ApiOkResponse({ type: QueueDto, description: 'The paused queue.' })
  async pause(@Body() { reason = null }: PauseQueueDto): Promise<QueueDto> {
    await this.workers.pauseQueue(reason);
    return this.get();
  }

  @Post('resume')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Resume the queue',
    description: `Workers continue within a second. Requires one of ADMIN_KEYS. Example: \`curl -X POST ${URL}/resume\``,
  })
  @ApiOkResponse({ type: QueueDto, description: 'The resumed queue.' })
  async resume(): Promise<QueueDto> {
    await this.workers.resumeQueue();
    return this.get();
  }
}
