import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiInvalid, ApiPost } from '../../common/http/api-docs.js';
import { AdaptersService } from './adapters.service.js';
import {
  AdapterCreatedDto,
  AdapterDeletedDto,
  AdapterDto,
  AdapterListDto,
  DEFAULT_ADAPTERS_LIMIT,
  ListAdaptersDto,
  toAdapterDto,
} from './dto/adapter.dto.js';
import { CreateAdapterDto } from './dto/create-adapter.dto.js';
import { ModelIdDto } from './dto/model-id.dto.js';
import { ModelInfoDto, toModelInfoDto } from './dto/model-info.dto.js';
import { readNewAdapter } from './readers/new-adapter.reader.js';

@ApiTags('adapters')
@Controller()
export class AdaptersController {
  constructor(private readonly adapters: AdaptersService) {}

  @Post('adapters')
  @ApiPost('adapters', {
    summary: 'Create an adapter',
    description:
      'Creates a LoRA adapter with new weights, which are initialised as in PEFT and determined by the seed. It can be used immediately.',
    type: CreateAdapterDto,
    examples: {
      'name and LoRA settings': { model_id: 'my-model', lora_config: { rank: 16, alpha: 32 } },
      defaults: {},
    },
  })
  @ApiCreatedResponse({ type: AdapterCreatedDto, description: 'The adapter is created.' })
  async create(@Body() body: CreateAdapterDto): Promise<AdapterCreatedDto> {
    const { adapter, accepted } = await this.adapters.create(readNewAdapter(body));
    return { ...toAdapterDto(adapter, true), request_id: accepted.requestId };
  }

  @Post('add_lora')
  @ApiPost('add_lora', {
    summary: 'Create an adapter (name of the original API)',
    description: 'Same as POST /adapters.',
    type: CreateAdapterDto,
    examples: { 'a shape': { rank: 16, alpha: 32 } },
  })
  @ApiCreatedResponse({ type: AdapterCreatedDto, description: 'The adapter is created.' })
  addLora(@Body() body: CreateAdapterDto): Promise<AdapterCreatedDto> {
    return this.create(body);
  }

  @Get('adapters')
  @ApiOperation({
    summary: 'List adapters',
    description:
      'Returns your adapters, newest first and page by page. Example: `curl "http://127.0.0.1:8000/adapters?limit=20"`',
  })
  @ApiInvalid()
  @ApiOkResponse({ type: AdapterListDto, description: 'A page of results.' })
  async list(@Query() { limit = DEFAULT_ADAPTERS_LIMIT, cursor, search }: ListAdaptersDto): Promise<AdapterListDto> {
    const { adapters, nextCursor } = await this.adapters.list(limit, cursor, search);
    return { adapters: adapters.map(({ adapter, busy }) => toAdapterDto(adapter, busy)), next_cursor: nextCursor };
  }

  @Get('adapters/:model_id')
  @ApiOperation({
    summary: 'Get an adapter',
    description: 'Example: `curl http://127.0.0.1:8000/adapters/my-model`',
  })
  @ApiParam({ name: 'model_id', example: 'my-model', description: 'Name of the adapter.' })
  @ApiOkResponse({ type: AdapterDto, description: 'The adapter.' })
  async get(@Param('model_id') modelId: string): Promise<AdapterDto> {
    const adapter = await this.adapters.get(modelId);
    return toAdapterDto(adapter, await this.adapters.isBusy(adapter));
  }

  @Delete('adapters/:model_id')
  @ApiOperation({
    summary: 'Delete an adapter',
    description:
      'Frees the name immediately, cancels pending operations, and deletes weights, state and checkpoints of the adapter; ' +
      'export it first if you need them. Example: `curl -X DELETE http://127.0.0.1:8000/adapters/my-model`',
  })
  @ApiParam({ name: 'model_id', example: 'my-model', description: 'Name of the adapter.' })
  @ApiOkResponse({
    type: AdapterDeletedDto,
    description: 'The adapter is deleted; its memory and files are freed shortly.',
  })
  async delete(@Param('model_id') modelId: string): Promise<AdapterDeletedDto> {
    const { requestId } = await this.adapters.delete(modelId);
    return { model_id: modelId, status: 'deleted', request_id: requestId };
  }

  @Post('remove_lora')
  @HttpCode(200)
  @ApiPost('remove_lora', {
    summary: 'Delete an adapter (name of the original API)',
    description: 'Same as DELETE /adapters/{model_id}.',
    type: ModelIdDto,
    examples: { 'a name': { model_id: 'my-model' } },
  })
  @ApiOkResponse({
    type: AdapterDeletedDto,
    description: 'The adapter is deleted; its memory and files are freed shortly.',
  })
  remove(@Body() body: ModelIdDto): Promise<AdapterDeletedDto> {
    return this.delete(body.model_id);
  }

  @Post('get_info')
  @HttpCode(200)
  @ApiPost('get_info', {
    summary: 'Get information about an adapter or a base model',
    description: 'Returns the base model, the LoRA settings and the number of steps.',
    type: ModelIdDto,
    examples: { 'an adapter': { model_id: 'my-model' }, 'the base model': { model_id: 'base' } },
  })
  @ApiOkResponse({ type: ModelInfoDto, description: 'The adapter or base model.' })
  async info(@Body() { model_id: modelId }: ModelIdDto): Promise<ModelInfoDto> {
    if (this.adapters.isBaseModel(modelId)) return toModelInfoDto(modelId, this.adapters.baseModel(modelId), null);
    const adapter = await this.adapters.get(modelId);
    return toModelInfoDto(modelId, this.adapters.baseModel(adapter.baseModel), adapter);
  }
}
