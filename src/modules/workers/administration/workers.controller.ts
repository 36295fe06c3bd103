import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiMissing } from '../../../common/http/api-docs.js';
import { WorkersService } from '../workers.service.js';
import { toWorkerDto, WorkerDto, WorkerListDto } from './worker.dto.js';

const ID = { name: 'worker_id', example: 'worker_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC', description: 'Id of the worker.' };
const URL = 'http://127.0.0.1:8000/admin/workers';

/** Workers, for operators: the key gate lets nobody else come to /admin. */
@ApiTags('admin')
@Controller('admin/workers')
export class WorkersController {
  constructor(private readonly workers: WorkersService) {}

  @Get()
  @ApiOperation({
    summary: 'List workers',
    description: `Returns the workers that are alive, with their operations and adapters. Requires one of ADMIN_KEYS. Example: \`curl ${URL}\``,
  })
  @ApiOkResponse({ type: WorkerListDto, description: 'The workers.' })
  async list(): Promise<WorkerListDto> {
    return { workers: (await this.workers.listLoads()).map(toWorkerDto) };
  }

  @Post(':worker_id/drain')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Take a worker out of service',
    description:
      'The worker starts no more operations, finishes those that it runs, writes the states of its adapters, and ' +
      'leaves them to other workers. Once its `status` is `drained`, its process can be stopped without delaying ' +
      'any request. ' +
      `Requires one of ADMIN_KEYS. Example: \`curl -X POST ${URL}/worker_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/drain\``,
  })
  @ApiParam(ID)
  @ApiMissing('worker')
  @ApiOkResponse({ type: WorkerDto, description: 'The worker; poll GET /admin/workers for its progress.' })
  async drain(@Param('worker_id') id: string): Promise<WorkerDto> {
    return toWorkerDto(await this.workers.setDraining(id, true));
  }

  @Post(':worker_id/resume')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Put a worker back into service',
    description:
      'Ends a drain, whether it is complete or not. Requires one of ADMIN_KEYS. ' +
      `Example: \`curl -X POST ${URL}/worker_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/resume\``,
  })
  @ApiParam(ID)
  @ApiMissing('worker')
  @ApiOkResponse({ type: WorkerDto, description: 'The worker, which takes work within a second.' })
  async resume(@Param('worker_id') id: string): Promise<WorkerDto> {
    return toWorkerDto(await this.workers.setDraining(id, false));
  }
}
