import { Body, HttpCode, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { ApiFailures, ApiPost, ApiStreamable } from '../../../common/http/api-docs.js';
import { ClientSignal } from '../../../common/http/requests/client-signal.decorator.js';
import { OpenAiErrorDto } from '../../../common/http/errors/error.dto.js';
import { GenerationService } from '../../generation/index.js';
import { completionHead } from '../completion-head.js';
import { CompletionStreams } from '../completion-streams.js';
import { OpenAiController } from '../openai-controller.decorator.js';
import { readStreamRequest } from '../sampling-settings.reader.js';
import { ChatCompletionChunkDto } from './chat-chunk.dto.js';
import { chatChunks } from './chat-chunks.presenter.js';
import { ChatCompletionDto, ChatCompletionRequestDto } from './chat-completion.dto.js';
import { presentChat } from './chat-completion.presenter.js';
import { ChatCompletionReader } from './chat-completion.reader.js';

const MESSAGES = [{ role: 'user', content: 'Hello' }];

@OpenAiController()
export class ChatCompletionsController {
  constructor(
    private readonly reader: ChatCompletionReader,
    private readonly generation: GenerationService,
    private readonly streams: CompletionStreams,
  ) {}

  @Post('chat/completions')
  @HttpCode(200)
  @ApiPost('v1/chat/completions', {
    summary: 'Create a chat completion',
    description:
      "OpenAI's chat API over base models, adapters and sampler weights. Fields that it does not know are ignored; those " +
      'that would change the answer are refused.',
    type: ChatCompletionRequestDto,
    examples: {
      'base model': { model: 'base', messages: MESSAGES, max_completion_tokens: 32 },
      adapter: { model: 'my-model', messages: MESSAGES, max_completion_tokens: 32, temperature: 0.7, seed: 42 },
      stream: {
        model: 'base',
        messages: MESSAGES,
        max_completion_tokens: 32,
        stream: true,
        stream_options: { include_usage: true },
      },
    },
  })
  @ApiFailures()
  @ApiStreamable(ChatCompletionDto, [ChatCompletionChunkDto, OpenAiErrorDto], 'The answers.')
  async create(
    @Body() body: ChatCompletionRequestDto,
    @ClientSignal() signal: AbortSignal,
    @Res() response: Response,
  ): Promise<void> {
    const { order, tools } = await this.reader.read(body);
    const { tokenizer } = order.source.model;
    if (order.stream) {
      return this.streams.write(order, readStreamRequest(body), chatChunks(tokenizer, tools), signal, response);
    }
    const accepted = await this.generation.submit(order);
    const sampled = await this.generation.result(accepted, signal);
    const head = completionHead('chatcmpl', accepted.requestId, body.model);
    response.json(sampled && (await presentChat(head, sampled.generated, tokenizer, tools)));
  }
}
