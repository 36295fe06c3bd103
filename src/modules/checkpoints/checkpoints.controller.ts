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

const ACCEPTED = 'Accepted: POST /retrieve_future with the request_id tells when it is done.';

@ApiTags('checkpoints')
@Controller()
export class CheckpointsController {
  constructor(private readonly checkpoints: CheckpointsService) {}

  @Post('save_weights')
  @HttpCode(200)
  @ApiPost('save_weights', {
    summary: 'Save weights and optimiser state under a name',
    description:
      'Taken after all operations sent before. Loading it restores the adapter bit for bit. The result has the path.',
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
      'Replaces weights and, by default, the optimiser state; gradients not yet applied are dropped. The checkpoint may ' +
      "be another adapter's of the same base model and shape.",
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
    summary: 'Save an immutable snapshot to sample from',
    description:
      "Use the path as model_id of POST /generate: later training does not change what it samples. A name that's taken is " +
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
    summary: "List an adapter's checkpoints and sampler snapshots",
    description: 'Example: `curl http://127.0.0.1:8000/adapters/my-model/checkpoints`',
  })
  @ApiParam({ name: 'model_id', example: 'my-model', description: 'Name of the adapter.' })
  @ApiOkResponse({ type: CheckpointListDto, description: 'Both kinds, oldest first.' })
  async list(@Param('model_id') modelId: string): Promise<CheckpointListDto> {
    return { checkpoints: (await this.checkpoints.list(modelId)).map(toCheckpointDto) };
  }

  @Delete('adapters/:model_id/checkpoints/:kind/:name')
  @ApiOperation({
    summary: 'Delete a checkpoint',
    description: 'Example: `curl -X DELETE http://127.0.0.1:8000/adapters/my-model/checkpoints/weights/step-10`',
  })
  @ApiOkResponse({ type: CheckpointDeletedDto, description: 'It is gone.' })
  async delete(@Param() params: CheckpointParamsDto): Promise<CheckpointDeletedDto> {
    const path = params.toPath();
    await this.checkpoints.delete(path);
    return { path: formatCheckpointPath(path), status: 'deleted' };
  }
}

function toAcceptedDto({ requestId, modelId, path }: AcceptedCheckpoint): CheckpointAcceptedDto {
  return { request_id: requestId, model_id: modelId, path };
}
