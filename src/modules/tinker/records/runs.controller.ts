import { applyDecorators, Body, Delete, Get, HttpCode, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiForbiddenResponse, ApiFoundResponse, ApiNoContentResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiInvalid, ApiMissing, ApiPut } from '../../../common/http/api-docs.js';
import { ErrorDto } from '../../../common/http/errors/error.dto.js';
import { AdaptersService } from '../../adapters/index.js';
import {
  CHECKPOINT_SEGMENTS,
  CheckpointLibrary,
  type CheckpointPath,
  parseCheckpointPath,
} from '../../checkpoints/index.js';
import { DownloadLinks } from '../weights/download-links.js';
import {
  PageDto,
  RunPageDto,
  TinkerCheckpointsDto,
  toTinkerCheckpointDto,
  toTrainingRunDto,
  TrainingRunDto,
  TrainingRunsDto,
} from './dto/run.dto.js';
import { TtlDto } from '../weights/dto/weights.dto.js';
import { TinkerController } from '../tinker-controller.decorator.js';

const CHECKPOINT = 'training_runs/:training_run_id/checkpoints/:kind/:name';
const KIND = { type: 'string', enum: [...CHECKPOINT_SEGMENTS], example: 'weights' };
const RunParam = () =>
  ApiParam({
    name: 'training_run_id',
    example: 'my-model',
    description: "Id of the training run, which is the model's id.",
  });
const CheckpointParams = () =>
  applyDecorators(
    RunParam(),
    ApiParam({ name: 'kind', schema: KIND, description: 'The kind of checkpoint.' }),
    ApiParam({ name: 'name', example: 'step-10', description: 'Name of the checkpoint.' }),
    ApiInvalid('The kind or the name is not valid for a checkpoint.'),
    ApiMissing('checkpoint'),
  );

interface CheckpointParamsDto {
  readonly training_run_id: string;
  readonly kind: string;
  readonly name: string;
}

/** Training runs (every adapter is one, whoever made it) and their checkpoints. */
@TinkerController('runs')
export class TinkerRunsController {
  constructor(
    private readonly adapters: AdaptersService,
    private readonly checkpoints: CheckpointLibrary,
    private readonly links: DownloadLinks,
  ) {}

  /**
   * List training runs, newest first
   * @remarks Example: `curl "http://127.0.0.1:8000/api/v1/training_runs?limit=20"`
   */
  @Get('training_runs')
  @ApiOkResponse({ type: TrainingRunsDto, description: 'A page of results.' })
  @ApiInvalid()
  async list(@Query() { limit = 20, offset = 0, project_id }: RunPageDto): Promise<TrainingRunsDto> {
    const [adapters, total] = await this.adapters.page(limit, offset, project_id);
    const newest = await this.checkpoints.newest(adapters.map(({ id }) => id));
    const training_runs = adapters.map((adapter) => toTrainingRunDto(adapter, newest));
    return { training_runs, cursor: { offset, limit, total_count: total } };
  }

  /**
   * One training run
   * @remarks Example: `curl http://127.0.0.1:8000/api/v1/training_runs/my-model`
   */
  @Get('training_runs/:training_run_id')
  @RunParam()
  @ApiOkResponse({ type: TrainingRunDto, description: 'The training run with its newest checkpoints.' })
  @ApiMissing('training run')
  async get(@Param('training_run_id') id: string): Promise<TrainingRunDto> {
    const adapter = await this.adapters.get(id, 'training_run_id');
    return toTrainingRunDto(adapter, await this.checkpoints.newest([adapter.id]));
  }

  /**
   * Checkpoints of a training run, newest first
   * @remarks Example: `curl http://127.0.0.1:8000/api/v1/training_runs/my-model/checkpoints`
   */
  @Get('training_runs/:training_run_id/checkpoints')
  @RunParam()
  @ApiOkResponse({ type: TinkerCheckpointsDto, description: 'The checkpoints.' })
  @ApiMissing('training run')
  async listOfRun(@Param('training_run_id') id: string): Promise<TinkerCheckpointsDto> {
    const adapter = await this.adapters.get(id, 'training_run_id');
    const [rows] = await this.checkpoints.page(10_000, 0, adapter.id);
    return { checkpoints: rows.map(toTinkerCheckpointDto), cursor: null };
  }

  /**
   * Checkpoints of all training runs, newest first
   * @remarks Example: `curl "http://127.0.0.1:8000/api/v1/checkpoints?limit=100"`
   */
  @Get('checkpoints')
  @ApiOkResponse({ type: TinkerCheckpointsDto, description: 'A page of results.' })
  @ApiInvalid()
  async listAll(@Query() { limit = 100, offset = 0 }: PageDto): Promise<TinkerCheckpointsDto> {
    const [rows, total] = await this.checkpoints.page(limit, offset);
    return { checkpoints: rows.map(toTinkerCheckpointDto), cursor: { offset, limit, total_count: total } };
  }

  /**
   * Delete a checkpoint
   * @remarks Example: `curl -X DELETE http://127.0.0.1:8000/api/v1/training_runs/my-model/checkpoints/weights/step-10`
   */
  @Delete(CHECKPOINT)
  @HttpCode(204)
  @CheckpointParams()
  @ApiNoContentResponse({ description: 'The checkpoint is deleted.' })
  delete(@Param() params: CheckpointParamsDto): Promise<void> {
    return this.checkpoints.delete(toPath(params));
  }

  /**
   * Let every key read a checkpoint
   * @remarks From then on, the path belongs to this key, even if the checkpoint is unpublished or deleted. Example: `curl -X POST http://127.0.0.1:8000/api/v1/training_runs/my-model/checkpoints/weights/step-10/publish`
   */
  @Post(`${CHECKPOINT}/publish`)
  @HttpCode(204)
  @CheckpointParams()
  @ApiNoContentResponse({ description: 'The checkpoint is readable for every key.' })
  @ApiForbiddenResponse({ type: ErrorDto, description: 'Another key has published a checkpoint under this path.' })
  publish(@Param() params: CheckpointParamsDto): Promise<void> {
    return this.checkpoints.publish(toPath(params));
  }

  /**
   * Let only its owner read a checkpoint
   * @remarks Example: `curl -X DELETE http://127.0.0.1:8000/api/v1/training_runs/my-model/checkpoints/weights/step-10/publish`
   */
  @Delete(`${CHECKPOINT}/publish`)
  @HttpCode(204)
  @CheckpointParams()
  @ApiNoContentResponse({ description: 'The checkpoint is readable only for its owner.' })
  unpublish(@Param() params: CheckpointParamsDto): Promise<void> {
    return this.checkpoints.unpublish(toPath(params));
  }

  @Put(`${CHECKPOINT}/ttl`)
  @HttpCode(204)
  @CheckpointParams()
  @ApiPut('api/v1/training_runs/my-model/checkpoints/weights/step-10/ttl', {
    summary: 'Set the TTL of a checkpoint',
    description: 'The TTL starts now.',
    type: TtlDto,
    examples: { 'in a week': { ttl_seconds: 604800 }, never: { ttl_seconds: null } },
  })
  @ApiNoContentResponse({ description: 'The TTL is set.' })
  setTtl(@Param() params: CheckpointParamsDto, @Body() { ttl_seconds: seconds }: TtlDto): Promise<void> {
    return this.checkpoints.setTtl(toPath(params), seconds ?? null);
  }

  /**
   * Get the download URL of a checkpoint
   * @remarks Redirects to a URL that needs no key and is valid for 15 minutes; it returns a tar archive in PEFT's layout. With CHECKPOINT_STORE, it is a URL of the S3 server. Also for public checkpoints. Example: `curl -L -o step-10.tar http://127.0.0.1:8000/api/v1/training_runs/my-model/checkpoints/weights/step-10/archive`
   */
  @Get(`${CHECKPOINT}/archive`)
  @CheckpointParams()
  @ApiFoundResponse({ description: 'Redirect to the download URL; the Expires header states how long it is valid.' })
  async archive(
    @Param() params: CheckpointParamsDto,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const checkpoint = await this.checkpoints.readable(toPath(params), 'name');
    const { url, expires } = await this.links.toArchive(checkpoint, request);
    response.setHeader('Expires', expires.toUTCString()).redirect(302, url);
  }
}

function toPath({ training_run_id: modelId, kind, name }: CheckpointParamsDto): CheckpointPath {
  return parseCheckpointPath(`tinker://${modelId}/${kind}/${name}`, 'path');
}
