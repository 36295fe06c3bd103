import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ClientSignal } from '../../common/http/requests/client-signal.decorator.js';
import { sendFile } from '../../common/http/responses/send-file.js';
import { ExportAdapterQueryDto } from './dto/export-adapter.dto.js';
import { readExport } from './export.reader.js';
import { ExportsService } from './exports.service.js';

const TAR = 'application/x-tar';

@ApiTags('adapters')
@Controller('adapters')
export class ExportsController {
  constructor(private readonly exports: ExportsService) {}

  @Get(':model_id/export')
  @ApiOperation({
    summary: 'Export an adapter for other programs',
    description:
      'Returns a tar archive of the adapter after all operations sent earlier, or of one of its checkpoints. ' +
      '`format=peft`: adapter_config.json and adapter_model.safetensors. `format=merged`: the folder of the base model ' +
      'with the adapter merged into its weights, for transformers, vLLM and others. `format=gguf` and ' +
      '`format=gguf-adapter`: the merged model or the adapter alone, with a Modelfile, for llama.cpp and Ollama. ' +
      'Example: `curl -o my-model.tar "http://127.0.0.1:8000/adapters/my-model/export?format=merged"`',
  })
  @ApiParam({ name: 'model_id', example: 'my-model', description: 'Name of the adapter.' })
  @ApiProduces(TAR)
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' }, description: 'The tar archive.' })
  async export(
    @Param('model_id') modelId: string,
    @Query() query: ExportAdapterQueryDto,
    @ClientSignal() signal: AbortSignal,
    @Res() response: Response,
  ): Promise<void> {
    const prepared = await this.exports.prepare(readExport(modelId, query), signal);
    if (prepared) await sendFile(response, this.exports.archive(prepared), TAR, `${modelId}.tar`);
  }
}
