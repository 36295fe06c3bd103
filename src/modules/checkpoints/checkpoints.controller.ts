import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { formatCheckpointPath } from './checkpoint-path.js';
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

const curl = (route: string, body: string): string =>
  `Example: \`curl -X POST http://127.0.0.1:8000/${route} -H "Content-Type: application/json" -d '${body}'\``;

@ApiTags('checkpoints')
@Controller()
export class CheckpointsController {
  constructor(private readonly checkpoints: CheckpointsService) {}

  @Post('save_weights')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Save weights and optimiser state under a name',
    description:
      'Taken after all operations sent before. Loading it restores the adapter bit for bit. The result has the path. ' +
      curl('save_weights', '{"model_id": "my-model", "name": "step-10"}'),
  })
  @ApiBody({ type: SaveWeightsDto })
  @ApiOkResponse({ type: CheckpointAcceptedDto })
  async save(@Body() body: SaveWeightsDto): Promise<CheckpointAcceptedDto> {
    return toAcceptedDto(await this.checkpoints.save(body));
  }

  @Post('load_weights')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Load a checkpoint into an adapter',
    description:
      'Replaces weights and, by default, the optimiser state; gradients not yet applied are dropped. The checkpoint may ' +
      "be another adapter's of the same base model and shape. " +
      curl('load_weights', '{"model_id": "my-model", "path": "tinker://my-model/weights/step-10"}'),
  })
  @ApiBody({ type: LoadWeightsDto })
  @ApiOkResponse({ type: CheckpointAcceptedDto })
  async load(@Body() body: LoadWeightsDto): Promise<CheckpointAcceptedDto> {
    return toAcceptedDto(await this.checkpoints.load(body));
  }

  @Post('save_weights_for_sampler')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Save an immutable snapshot to sample from',
    description:
      "Use the path as model_id of POST /generate: later training does not change what it samples. A name that's taken is " +
      `refused. ${curl('save_weights_for_sampler', '{"model_id": "my-model", "name": "best"}')}`,
  })
  @ApiBody({ type: SaveForSamplerDto })
  @ApiOkResponse({ type: CheckpointAcceptedDto })
  async saveForSampler(@Body() body: SaveForSamplerDto): Promise<CheckpointAcceptedDto> {
    return toAcceptedDto(await this.checkpoints.saveForSampler(body));
  }

  @Get('adapters/:model_id/checkpoints')
  @ApiOperation({
    summary: "List an adapter's checkpoints and sampler snapshots",
    description: 'Example: `curl http://127.0.0.1:8000/adapters/my-model/checkpoints`',
  })
  @ApiParam({ name: 'model_id', example: 'my-model', description: 'Name of the adapter.' })
  @ApiOkResponse({ type: CheckpointListDto })
  async list(@Param('model_id') modelId: string): Promise<CheckpointListDto> {
    return { checkpoints: (await this.checkpoints.list(modelId)).map(toCheckpointDto) };
  }

  @Delete('adapters/:model_id/checkpoints/:kind/:name')
  @ApiOperation({
    summary: 'Delete a checkpoint',
    description: 'Example: `curl -X DELETE http://127.0.0.1:8000/adapters/my-model/checkpoints/weights/step-10`',
  })
  @ApiOkResponse({ type: CheckpointDeletedDto })
  async delete(@Param() params: CheckpointParamsDto): Promise<CheckpointDeletedDto> {
    const path = params.toPath();
    await this.checkpoints.delete(path);
    return { path: formatCheckpointPath(path), status: 'deleted' };
  }
}

function toAcceptedDto({ requestId, modelId, path }: AcceptedCheckpoint): CheckpointAcceptedDto {
  return { request_id: requestId, model_id: modelId, path };
}
