import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiFailures, ApiPost, ApiStreamable } from '../../common/http/api-docs.js';
import { ClientSignal } from '../../common/http/requests/client-signal.decorator.js';
import { ErrorDto } from '../../common/http/errors/error.dto.js';
import { GenerateDto, GenerateResultDto } from './dto/generate.dto.js';
import { TokenEventDto } from './dto/token-event.dto.js';
import { presentSampled } from './generate.presenter.js';
import { GenerateReader } from './readers/generate.reader.js';
import { GenerationStreamService } from './streaming/generation-stream.service.js';
import { GenerationService } from './generation.service.js';
import { writeEventStream } from './streaming/sse.js';

const MESSAGES = [{ role: 'user', content: 'Hello' }];

@ApiTags('generation')
@Controller()
export class GenerationController {
  constructor(
    private readonly reader: GenerateReader,
    private readonly generation: GenerationService,
    private readonly streams: GenerationStreamService,
  ) {}

  @Post('generate')
  @HttpCode(200)
  @ApiPost('generate', {
    summary: 'Sample from an adapter, sampler weights or a base model',
    description:
      'Returns the result when it is complete. With "async": true, returns {request_id, model_id} immediately; with "stream": true, ' +
      'returns server-sent events. Operations sent to the same adapter earlier run first.',
    type: GenerateDto,
    examples: {
      adapter: { model_id: 'my-model', messages: MESSAGES, max_new_tokens: 32 },
      'base model, two samples': { messages: MESSAGES, max_new_tokens: 32, n: 2, temperature: 0.7, seed: 42 },
      'text completion as a stream': { prompt: 'Once upon a time', max_new_tokens: 32, stream: true },
    },
  })
  @ApiFailures()
  @ApiStreamable(GenerateResultDto, [TokenEventDto, GenerateResultDto, ErrorDto], 'The completions.')
  async generate(
    @Body() body: GenerateDto,
    @ClientSignal() signal: AbortSignal,
    @Res() response: Response,
  ): Promise<void> {
    const order = await this.reader.read(body);
    if (order.stream) {
      return writeEventStream(response, async (listener) => {
        const sampled = await this.streams.run(order, signal, listener);
        return sampled && presentSampled(sampled);
      });
    }
    const accepted = await this.generation.submit(order);
    if (body.async) {
      response.json({ request_id: accepted.requestId, model_id: accepted.modelId });
    } else {
      const sampled = await this.generation.result(accepted, signal);
      response.json(sampled && presentSampled(sampled));
    }
  }
}
