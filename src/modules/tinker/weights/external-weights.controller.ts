import { Body, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiParam } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiInvalid, ApiMissing, ApiPost } from '../../../common/http/api-docs.js';
import { CheckpointLibrary, CheckpointsService, parseCheckpointPath } from '../../checkpoints/index.js';
import { readTinkerSaveExternal } from './checkpoint-orders.reader.js';
import { DownloadLinks } from './download-links.js';
import { TinkerFutureDto } from '../training/dto/model.dto.js';
import { ExternalWeightsUrlsDto, TinkerSaveExternalDto } from './dto/external-weights.dto.js';
import { toTinkerFuture } from '../training/models.controller.js';
import { ACCEPTED, TinkerController } from '../tinker-controller.decorator.js';

/** Weights as files for other programs: saved under a name, then fetched one by one. */
@TinkerController('weights')
export class TinkerExternalWeightsController {
  constructor(
    private readonly checkpoints: CheckpointsService,
    private readonly library: CheckpointLibrary,
    private readonly links: DownloadLinks,
  ) {}

  @Post('save_weights_external')
  @HttpCode(200)
  @ApiPost('api/v1/save_weights_external', {
    summary: 'Export weights as PEFT files',
    description:
      "Saves the weights in PEFT's layout, without optimiser state; external_weights_urls returns the URLs of the files.",
    type: TinkerSaveExternalDto,
    examples: { 'for an hour': { model_id: 'my-model', path: 'release', ttl_seconds: 3600 } },
  })
  @ApiOkResponse({ type: TinkerFutureDto, description: ACCEPTED })
  @ApiMissing('model')
  async save(@Body() body: TinkerSaveExternalDto): Promise<TinkerFutureDto> {
    return toTinkerFuture(await this.checkpoints.save(readTinkerSaveExternal(body)));
  }

  /**
   * Get the download URLs of an external checkpoint
   * @remarks Returns a URL for each file, which needs no key and is valid for 15 minutes. Also for public checkpoints. Example: `curl http://127.0.0.1:8000/api/v1/training_runs/my-model/checkpoints/external_weights/release/external_weights_urls`
   */
  @Get('training_runs/:training_run_id/checkpoints/external_weights/:name/external_weights_urls')
  @ApiParam({
    name: 'training_run_id',
    example: 'my-model',
    description: "The model's id.",
  })
  @ApiParam({ name: 'name', example: 'release', description: 'Name under which the weights were saved.' })
  @ApiOkResponse({ type: ExternalWeightsUrlsDto, description: 'One URL per file.' })
  @ApiInvalid('The name is not valid for a checkpoint.')
  @ApiMissing('checkpoint')
  async urls(
    @Param('training_run_id') modelId: string,
    @Param('name') name: string,
    @Req() request: Request,
  ): Promise<ExternalWeightsUrlsDto> {
    const path = parseCheckpointPath(`tinker://${modelId}/external_weights/${name}`, 'path');
    const { urls, expires } = await this.links.toFiles(await this.library.readable(path, 'name'), request);
    return { urls, expires: expires.toISOString() };
  }
}
