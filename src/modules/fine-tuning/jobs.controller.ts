import { Body, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiQuery } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiInvalid, ApiMissing, ApiPost } from '../../common/http/api-docs.js';
import { CreateJobDto } from './dto/create-job.dto.js';
import { JobCheckpointListDto, ListJobCheckpointsDto } from './dto/job-checkpoint.dto.js';
import { JobEventListDto, ListJobEventsDto } from './dto/job-event.dto.js';
import { JobDto, JobListDto, ListJobsDto } from './dto/job.dto.js';
import { FineTuningController, JOB_ID, JOBS_URL } from './fine-tuning-controller.decorator.js';
import { presentCheckpoint, presentEvent, presentJob } from './job.presenter.js';
import { JobsService } from './jobs.service.js';
import { readMetadataFilter, readNumberOf } from './readers/job-query.reader.js';
import { readNewJob } from './readers/new-job.reader.js';

const FILE = 'file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC';

/** OpenAI's fine-tuning API. */
@FineTuningController()
export class JobsController {
  constructor(private readonly jobs: JobsService) {}

  @Post()
  @HttpCode(200)
  @ApiPost('v1/fine_tuning/jobs', {
    summary: 'Start a fine-tuning job',
    description:
      'Trains a new adapter on a file; fine_tuned_model is then its model name. Omitted hyper-parameters are ' +
      'chosen from the data and the base model (docs/fine-tuning.md). Unknown fields are ignored, but unknown ' +
      'hyper-parameters are refused.',
    type: CreateJobDto,
    examples: {
      defaults: { model: 'base', training_file: FILE },
      'hyper-parameters': {
        model: 'base',
        training_file: FILE,
        suffix: 'support',
        seed: 42,
        method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 3, validation_split: 0.1 } } },
      },
    },
  })
  @ApiMissing('file')
  @ApiOkResponse({ type: JobDto, description: 'The job.' })
  async create(@Body() body: CreateJobDto): Promise<JobDto> {
    return presentJob(await this.jobs.create(readNewJob(body)));
  }

  @Get()
  @ApiOperation({
    summary: 'List fine-tuning jobs',
    description: `Your jobs, newest first. Example: \`curl "${JOBS_URL}?limit=10"\``,
  })
  @ApiQuery({
    name: 'metadata',
    required: false,
    style: 'deepObject',
    explode: true,
    schema: { type: 'object', additionalProperties: { type: 'string' }, example: { team: 'support' } },
    description: 'Only jobs with these metadata: `metadata[team]=support`.',
  })
  @ApiInvalid()
  @ApiMissing('job')
  @ApiOkResponse({ type: JobListDto, description: 'A page of jobs.' })
  async list(@Query() { after, limit = 20 }: ListJobsDto, @Req() request: Request): Promise<JobListDto> {
    const { items, hasMore } = await this.jobs.list(limit, after, readMetadataFilter(request.query));
    return { object: 'list', data: items.map((job) => presentJob(job)), has_more: hasMore };
  }

  @Get(`:${JOB_ID.name}`)
  @ApiOperation({ summary: 'Get a fine-tuning job', description: `Example: \`curl ${JOBS_URL}/${JOB_ID.example}\`` })
  @ApiParam(JOB_ID)
  @ApiMissing('job')
  @ApiOkResponse({ type: JobDto, description: 'The job.' })
  async get(@Param(JOB_ID.name) id: string): Promise<JobDto> {
    return presentJob(await this.jobs.get(id));
  }

  @Post(`:${JOB_ID.name}/cancel`)
  @HttpCode(200)
  @ApiOperation({
    summary: 'Cancel a fine-tuning job',
    description:
      'Ends it immediately; its model keeps the steps so far, and its checkpoints stay. ' +
      `Example: \`curl -X POST ${JOBS_URL}/${JOB_ID.example}/cancel\``,
  })
  @ApiParam(JOB_ID)
  @ApiInvalid('The job is finished.')
  @ApiMissing('job')
  @ApiOkResponse({ type: JobDto, description: 'The cancelled job.' })
  async cancel(@Param(JOB_ID.name) id: string): Promise<JobDto> {
    return presentJob(await this.jobs.cancel(id));
  }

  @Post(`:${JOB_ID.name}/pause`)
  @HttpCode(200)
  @ApiOperation({
    summary: 'Pause a fine-tuning job',
    description:
      'Steps that are already queued still run, at most three. ' +
      `Example: \`curl -X POST ${JOBS_URL}/${JOB_ID.example}/pause\``,
  })
  @ApiParam(JOB_ID)
  @ApiInvalid('The job is finished.')
  @ApiMissing('job')
  @ApiOkResponse({ type: JobDto, description: 'The paused job.' })
  async pause(@Param(JOB_ID.name) id: string): Promise<JobDto> {
    return presentJob(await this.jobs.pause(id));
  }

  @Post(`:${JOB_ID.name}/resume`)
  @HttpCode(200)
  @ApiOperation({
    summary: 'Resume a paused fine-tuning job',
    description:
      'It continues with its next step, with the same result as if it had not been paused. ' +
      `Example: \`curl -X POST ${JOBS_URL}/${JOB_ID.example}/resume\``,
  })
  @ApiParam(JOB_ID)
  @ApiInvalid('The job is finished.')
  @ApiMissing('job')
  @ApiOkResponse({ type: JobDto, description: 'The job.' })
  async resume(@Param(JOB_ID.name) id: string): Promise<JobDto> {
    return presentJob(await this.jobs.resume(id));
  }

  @Get(`:${JOB_ID.name}/events`)
  @ApiOperation({
    summary: 'List events of a fine-tuning job',
    description: `Messages and metrics, newest first. Example: \`curl ${JOBS_URL}/${JOB_ID.example}/events\``,
  })
  @ApiParam(JOB_ID)
  @ApiInvalid()
  @ApiMissing('job')
  @ApiOkResponse({ type: JobEventListDto, description: 'A page of events.' })
  async events(
    @Param(JOB_ID.name) id: string,
    @Query() { after, limit = 20 }: ListJobEventsDto,
  ): Promise<JobEventListDto> {
    const { items, hasMore } = await this.jobs.listEvents(id, limit, readNumberOf(after));
    return { object: 'list', data: items.map((event) => presentEvent(event)), has_more: hasMore };
  }

  @Get(`:${JOB_ID.name}/checkpoints`)
  @ApiOperation({
    summary: 'List checkpoints of a fine-tuning job',
    description:
      'One per epoch, newest first; each can be sampled from by its name. ' +
      `Example: \`curl ${JOBS_URL}/${JOB_ID.example}/checkpoints\``,
  })
  @ApiParam(JOB_ID)
  @ApiInvalid()
  @ApiMissing('job')
  @ApiOkResponse({ type: JobCheckpointListDto, description: 'A page of checkpoints.' })
  async checkpoints(
    @Param(JOB_ID.name) id: string,
    @Query() { after, limit = 10 }: ListJobCheckpointsDto,
  ): Promise<JobCheckpointListDto> {
    const { items, hasMore } = await this.jobs.listCheckpoints(id, limit, readNumberOf(after));
    const data = items.map((checkpoint) => presentCheckpoint(checkpoint));
    return {
      object: 'list',
      data,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      has_more: hasMore,
    };
  }
}
