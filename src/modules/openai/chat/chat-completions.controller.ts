import { Body, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiFailures, ApiPost } from '../../../common/http/api-docs.js';
import { ClientSignal } from '../../../common/http/client-signal.decorator.js';
import { GenerationService, GenerationStreamService, type SamplingOrder } from '../../generation/index.js';
import { writeChunks } from '../chunk-stream.js';
import { completionHead } from '../completion-head.js';
import { OpenAiController } from '../openai-controller.decorator.js';
import { ChatChunks } from './chat-chunks.presenter.js';
import { ChatCompletionDto, ChatCompletionRequestDto } from './chat-completion.dto.js';
import { presentChat, presentLogprobs } from './chat-completion.presenter.js';
import { ChatCompletionReader } from './chat-completion.reader.js';

const MESSAGES = [{ role: 'user', content: 'Hello' }];

@OpenAiController()
export class ChatCompletionsController {
  constructor(
    private readonly reader: ChatCompletionReader,
    private readonly generation: GenerationService,
    private readonly streams: GenerationStreamService,
  ) {}

  @Post('chat/completions')
  @HttpCode(200)
  @ApiPost('v1/chat/completions', {
    summary: 'Answer a conversation',
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
  @ApiOkResponse({ type: ChatCompletionDto, description: 'The answers.' })
  async create(
    @Body() body: ChatCompletionRequestDto,
    @ClientSignal() signal: AbortSignal,
    @Res() response: Response,
  ): Promise<void> {
    const order = await this.reader.read(body);
    if (order.stream) return this.stream(order, body, signal, response);
    const accepted = await this.generation.submit(order);
    const sampled = await this.generation.result(accepted, signal);
    const head = completionHead('chatcmpl', accepted.requestId, body.model);
    response.json(sampled && (await presentChat(head, sampled.generated, order.source.model.tokenizer)));
  }

  private stream(
    order: SamplingOrder,
    { model, stream_options: options }: ChatCompletionRequestDto,
    signal: AbortSignal,
    response: Response,
  ): Promise<void> {
    const { tokenizer } = order.source.model;
    const withUsage = options?.include_usage === true;
    return writeChunks(response, async (stream) => {
      let chunks!: ChatChunks; // by onStart, which is called first
      const sampled = await this.streams.run(order, signal, {
        onStart: (requestId) => {
          chunks = new ChatChunks(completionHead('chatcmpl', requestId, model), withUsage);
          stream.start();
          for (let index = 0; index < order.count; index++) stream.send(chunks.opening(index));
        },
        onDelta: ({ index, text }) => {
          if (text !== '') stream.send(chunks.text(index, text));
        },
      });
      if (!sampled) return;
      for (const [index, sequence] of sampled.generated.sequences.entries()) {
        stream.send(chunks.end(index, sequence, await presentLogprobs(sequence, tokenizer)));
      }
      if (withUsage) stream.send(chunks.usage(sampled.generated));
    });
  }
}
