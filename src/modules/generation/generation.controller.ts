import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ClientSignal } from '../../common/http/client-signal.decorator.js';
import { GenerateDto, GenerateResultDto } from './dto/generate.dto.js';
import { GenerationStreamService } from './generation-stream.service.js';
import { GenerationService } from './generation.service.js';
import { writeEventStream } from './sse.js';

@ApiTags('generation')
@Controller()
export class GenerationController {
  constructor(
    private readonly generation: GenerationService,
    private readonly streams: GenerationStreamService,
  ) {}

  @Post('generate')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Sample from an adapter, a sampler snapshot or a base model',
    description:
      'Answers when it is done; with "async": true answers with {request_id, model_id} at once; with "stream": true ' +
      'answers with server-sent events. Operations of the same adapter sent before run before. ' +
      'Example: `curl -X POST http://127.0.0.1:8000/generate -H "Content-Type: application/json" ' +
      `-d '{"model_id": "my-model", "messages": [{"role": "user", "content": "Hello"}], "max_new_tokens": 32}'\``,
  })
  @ApiBody({ type: GenerateDto })
  @ApiOkResponse({ type: GenerateResultDto })
  async generate(
    @Body() body: GenerateDto,
    @ClientSignal() signal: AbortSignal,
    @Res() response: Response,
  ): Promise<void> {
    if (body.stream) return writeEventStream(response, (listener) => this.streams.run(body, signal, listener));
    const accepted = await this.generation.submit(body);
    const { requestId, modelId } = accepted;
    if (body.async) response.json({ request_id: requestId, model_id: modelId });
    else response.json(await this.generation.result(accepted, signal));
  }
}
