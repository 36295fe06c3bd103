import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { AdaptersService } from './adapters.service.js';
import { AdapterCreatedDto, AdapterDeletedDto, AdapterDto, AdapterListDto, toAdapterDto } from './dto/adapter.dto.js';
import { CreateAdapterDto, toCreateSpec } from './dto/create-adapter.dto.js';
import { ModelIdDto } from './dto/model-id.dto.js';
import { ModelInfoDto, toModelInfoDto } from './dto/model-info.dto.js';

@ApiTags('adapters')
@Controller()
export class AdaptersController {
  constructor(private readonly adapters: AdaptersService) {}

  @Post('adapters')
  @ApiOperation({
    summary: 'Create an adapter',
    description:
      'Makes a LoRA adapter with fresh weights (as PEFT initialises them, from the seed). It can be used at once. ' +
      'Example: `curl -X POST http://127.0.0.1:8000/adapters -H "Content-Type: application/json" ' +
      `-d '{"model_id": "my-model", "lora_config": {"rank": 16, "alpha": 32}}'\``,
  })
  @ApiBody({ type: CreateAdapterDto })
  @ApiCreatedResponse({ type: AdapterCreatedDto })
  async create(@Body() body: CreateAdapterDto): Promise<AdapterCreatedDto> {
    const wish = {
      modelId: body.model_id ?? undefined,
      baseModel: body.base_model ?? undefined,
      lora: toCreateSpec(body),
    };
    const { adapter, accepted } = await this.adapters.create(wish);
    return { ...toAdapterDto(adapter, true), request_id: accepted.requestId };
  }

  @Post('add_lora')
  @ApiOperation({
    summary: 'Create an adapter (name of the original API)',
    description:
      'Same as POST /adapters. Example: `curl -X POST http://127.0.0.1:8000/add_lora ' +
      `-H "Content-Type: application/json" -d '{"model_id": "my-model", "rank": 16, "alpha": 32}'\``,
  })
  @ApiBody({ type: CreateAdapterDto })
  @ApiCreatedResponse({ type: AdapterCreatedDto })
  addLora(@Body() body: CreateAdapterDto): Promise<AdapterCreatedDto> {
    return this.create(body);
  }

  @Get('adapters')
  @ApiOperation({
    summary: 'List the adapters',
    description: 'Every live adapter, oldest first. Example: `curl http://127.0.0.1:8000/adapters`',
  })
  @ApiOkResponse({ type: AdapterListDto })
  async list(): Promise<AdapterListDto> {
    const adapters = await this.adapters.list();
    return { adapters: adapters.map(({ adapter, busy }) => toAdapterDto(adapter, busy)) };
  }

  @Get('adapters/:model_id')
  @ApiOperation({
    summary: 'One adapter',
    description: 'Example: `curl http://127.0.0.1:8000/adapters/my-model`',
  })
  @ApiParam({ name: 'model_id', example: 'my-model', description: 'Name of the adapter.' })
  @ApiOkResponse({ type: AdapterDto })
  async get(@Param('model_id') modelId: string): Promise<AdapterDto> {
    const adapter = await this.adapters.get(modelId);
    return toAdapterDto(adapter, await this.adapters.isBusy(adapter));
  }

  @Delete('adapters/:model_id')
  @ApiOperation({
    summary: 'Delete an adapter',
    description:
      'Frees the name at once, fails the operations that wait, and deletes its weights, its state and its checkpoints: ' +
      'export it first if you need them. Example: `curl -X DELETE http://127.0.0.1:8000/adapters/my-model`',
  })
  @ApiParam({ name: 'model_id', example: 'my-model', description: 'Name of the adapter.' })
  @ApiOkResponse({ type: AdapterDeletedDto })
  async delete(@Param('model_id') modelId: string): Promise<AdapterDeletedDto> {
    const { requestId } = await this.adapters.delete(modelId);
    return { model_id: modelId, status: 'deleted', request_id: requestId };
  }

  @Post('remove_lora')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Delete an adapter (name of the original API)',
    description:
      'Same as DELETE /adapters/{model_id}. Example: `curl -X POST http://127.0.0.1:8000/remove_lora ' +
      `-H "Content-Type: application/json" -d '{"model_id": "my-model"}'\``,
  })
  @ApiBody({ type: ModelIdDto })
  @ApiOkResponse({ type: AdapterDeletedDto })
  remove(@Body() body: ModelIdDto): Promise<AdapterDeletedDto> {
    return this.delete(body.model_id);
  }

  @Post('get_info')
  @HttpCode(200)
  @ApiOperation({
    summary: 'What an adapter or a base model is',
    description:
      'Example: `curl -X POST http://127.0.0.1:8000/get_info -H "Content-Type: application/json" ' +
      `-d '{"model_id": "my-model"}'\``,
  })
  @ApiBody({ type: ModelIdDto })
  @ApiOkResponse({ type: ModelInfoDto })
  async info(@Body() { model_id: modelId }: ModelIdDto): Promise<ModelInfoDto> {
    if (this.adapters.isBaseModel(modelId)) return toModelInfoDto(modelId, this.adapters.baseModel(modelId), null);
    const adapter = await this.adapters.get(modelId);
    return toModelInfoDto(modelId, this.adapters.baseModel(adapter.baseModel), adapter);
  }
}
