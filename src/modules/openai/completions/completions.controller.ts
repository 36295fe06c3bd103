import { Body, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiFailures, ApiPost } from '../../../common/http/api-docs.js';
import { ClientSignal } from '../../../common/http/client-signal.decorator.js';
import { invalid } from '../../../common/json/json-fields.js';
import { GenerationService, GenerationStreamService } from '../../generation/index.js';
import { writeChunks } from '../chunk-stream.js';
import { completionHead } from '../completion-head.js';
import { OpenAiController } from '../openai-controller.decorator.js';
import { CompletionChunks } from './completion-chunks.presenter.js';
import { TextCompletionDto, TextCompletionRequestDto } from './completion.dto.js';
import { presentCompletion, presentLogprobs, type PromptResult } from './completion.presenter.js';
import { type CompletionOrder, CompletionReader } from './completion.reader.js';

@OpenAiController()
export class CompletionsController {
  constructor(
    private readonly reader: CompletionReader,
    private readonly generation: GenerationService,
    private readonly streams: GenerationStreamService,
  ) {}

  @Post('completions')
  @HttpCode(200)
  @ApiPost('v1/completions', {
    summary: 'Continue texts',
    description: "OpenAI's text completions, without a chat template. With echo and logprobs it scores texts.",
    type: TextCompletionRequestDto,
    examples: {
      continue: { model: 'base', prompt: 'Once upon a time', max_tokens: 16 },
      score: { model: 'my-model', prompt: 'Once upon a time', max_tokens: 0, echo: true, logprobs: 1 },
      'two prompts': { model: 'base', prompt: ['Hello', 'Goodbye'], max_tokens: 8, temperature: 0 },
    },
  })
  @ApiFailures()
  @ApiOkResponse({ type: TextCompletionDto, description: 'The continuations.' })
  async create(
    @Body() body: TextCompletionRequestDto,
    @ClientSignal() signal: AbortSignal,
    @Res() response: Response,
  ): Promise<void> {
    const orders = await this.reader.read(body);
    const [first] = orders;
    if (!first) throw invalid('prompt', 'is empty.', 'Pass at least one.');
    if (first.order.stream) {
      if (orders.length > 1) throw invalid('stream', 'takes one prompt.', 'Send one request for each prompt.');
      return this.stream(first, body, signal, response);
    }
    const accepted = await Promise.all(orders.map(({ order }) => this.generation.submit(order)));
    const results = await Promise.all(accepted.map((one) => this.generation.result(one, signal)));
    const done = orders.flatMap((one, i): PromptResult[] => {
      const generated = results[i]?.generated;
      return generated ? [{ ...one, prompt: one.order.prompt, generated }] : [];
    });
    const head = completionHead('cmpl', accepted[0]?.requestId ?? '', body.model);
    response.json(await presentCompletion(head, done, first.order.source.model.tokenizer));
  }

  private stream(
    one: CompletionOrder,
    { model, stream_options: options }: TextCompletionRequestDto,
    signal: AbortSignal,
    response: Response,
  ): Promise<void> {
    const { order, echo } = one;
    const withUsage = options?.include_usage === true;
    return writeChunks(response, async (stream) => {
      let chunks!: CompletionChunks; // by onStart, which is called first
      const sampled = await this.streams.run(order, signal, {
        onStart: (requestId) => {
          chunks = new CompletionChunks(completionHead('cmpl', requestId, model), withUsage);
          stream.start();
          if (echo === null) return;
          for (let index = 0; index < order.count; index++) stream.send(chunks.text(index, echo));
        },
        onDelta: ({ index, text }) => {
          if (text !== '') stream.send(chunks.text(index, text));
        },
      });
      if (!sampled) return;
      const { generated } = sampled;
      const result = { ...one, prompt: order.prompt, generated };
      for (const [index, sequence] of generated.sequences.entries()) {
        const logprobs = await presentLogprobs(result, sequence, order.source.model.tokenizer);
        stream.send(chunks.end(index, sequence, logprobs));
      }
      if (withUsage) stream.send(chunks.usage(generated));
    });
  }
}
