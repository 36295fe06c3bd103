import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiPost } from '../../common/http/api-docs.js';
import { formatCheckpointPath } from '../../domain/checkpoint-path.js';
import { type AcceptedCheckpoint, CheckpointsService } from './checkpoints.service.js';
import {
  CheckpointAcceptedDto,
  CheckpointDeletedDto,
  CheckpointListDto,
  LoadWeightsDto,
  SaveForSamplerDto,
  SaveWeightsDto,
  toCheckpointDto,
} from './dto/checkpoint.dto.js';
import { CheckpointParamsDto } from './dto/checkpoint-params.dto.js';
import { readLoad, readSave, readSaveForSampler } from './readers/checkpoint-orders.reader.js';

const ACCEPTED = 'Accepted; POST /retrieve_future with the request_id waits for completion.';

@ApiTags('checkpoints')
@Controller()
export class CheckpointsController {
  constructor(private readonly checkpoints: CheckpointsService) {}

  @Post('save_weights')
  @HttpCode(200)
  @ApiPost('save_weights', {
    summary: 'Save a checkpoint',
    description:
      'Saves weights and optimiser state under a name, after all operations sent earlier. Loading the checkpoint restores the adapter bit for bit. The result contains the path.',
    type: SaveWeightsDto,
    examples: { 'a name': { model_id: 'my-model', name: 'step-10' } },
  })
  @ApiOkResponse({ type: CheckpointAcceptedDto, description: ACCEPTED })
  async save(@Body() body: SaveWeightsDto): Promise<CheckpointAcceptedDto> {
    return toAcceptedDto(await this.checkpoints.save(readSave(body)));
  }

  @Post('load_weights')
  @HttpCode(200)
  @ApiPost('load_weights', {
    summary: 'Load a checkpoint into an adapter',
    description:
      'Replaces the weights and, by default, the optimiser state; unapplied gradients are dropped. The checkpoint may ' +
      'belong to another adapter with the same base model and LoRA settings.',
    type: LoadWeightsDto,
    examples: { 'a path': { model_id: 'my-model', path: 'tinker://my-model/weights/step-10' } },
  })
  @ApiOkResponse({ type: CheckpointAcceptedDto, description: ACCEPTED })
  async load(@Body() body: LoadWeightsDto): Promise<CheckpointAcceptedDto> {
    return toAcceptedDto(await this.checkpoints.load(readLoad(body)));
  }

  @Post('save_weights_for_sampler')
  @HttpCode(200)
  @ApiPost('save_weights_for_sampler', {
    summary: 'Save sampler weights',
    description:
      'Saves an immutable copy of the weights to sample from: pass its path as model_id to POST /generate. An existing name is ' +
      'refused.',
    type: SaveForSamplerDto,
    examples: { 'a name': { model_id: 'my-model', name: 'best' } },
  })
  @ApiOkResponse({ type: CheckpointAcceptedDto, description: ACCEPTED })
  async saveForSampler(@Body() body: SaveForSamplerDto): Promise<CheckpointAcceptedDto> {
    return toAcceptedDto(await this.checkpoints.save(readSaveForSampler(body)));
  }

  @Get('adapters/:model_id/checkpoints')
  @ApiOperation({
    summary: 'List the checkpoints of an adapter',
    description: 'Example: `curl http://127.0.0.1:8000/adapters/my-model/checkpoints`',
  })
  @ApiParam({ name: 'model_id', example: 'my-model', description: 'Name of the adapter.' })
  @ApiOkResponse({ type: CheckpointListDto, description: 'Training checkpoints and sampler weights, oldest first.' })
  async list(@Param('model_id') modelId: string): Promise<CheckpointListDto> {
    return { checkpoints: (await this.checkpoints.list(modelId)).map(toCheckpointDto) };
  }

  @Delete('adapters/:model_id/checkpoints/:kind/:name')
  @ApiOperation({
    summary: 'Delete a checkpoint',
    description: 'Example: `curl -X DELETE http://127.0.0.1:8000/adapters/my-model/checkpoints/weights/step-10`',
  })
  @ApiOkResponse({ type: CheckpointDeletedDto, description: 'The checkpoint is deleted.' })
  async delete(@Param() params: CheckpointParamsDto): Promise<CheckpointDeletedDto> {
    const path = params.toPath();
    await this.checkpoints.delete(path);
    return { path: formatCheckpointPath(path), status: 'deleted' };
  }
}

function toAcceptedDto({ requestId, modelId, path }: AcceptedCheckpoint): CheckpointAcceptedDto {
  return { request_id: requestId, model_id: modelId, path };
}
