import { Body, HttpCode, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { ApiFailures, ApiPost, ApiStreamable } from '../../../common/http/api-docs.js';
import { ClientSignal } from '../../../common/http/requests/client-signal.decorator.js';
import { OpenAiErrorDto } from '../../../common/http/errors/error.dto.js';
import { invalid } from '../../../common/json/json-fields.js';
import { GenerationService } from '../../generation/index.js';
import { completionHead } from '../completion-head.js';
import { CompletionStreams } from '../completion-streams.js';
import { OpenAiController } from '../openai-controller.decorator.js';
import { readStreamRequest } from '../sampling-settings.reader.js';
import { TextCompletionChunkDto } from './completion-chunk.dto.js';
import { completionChunks } from './completion-chunks.presenter.js';
import { TextCompletionDto, TextCompletionRequestDto } from './completion.dto.js';
import { presentCompletion, type PromptResult } from './completion.presenter.js';
import { CompletionReader } from './completion.reader.js';

@OpenAiController()
export class CompletionsController {
  constructor(
    private readonly reader: CompletionReader,
    private readonly generation: GenerationService,
    private readonly streams: CompletionStreams,
  ) {}

  @Post('completions')
  @HttpCode(200)
  @ApiPost('v1/completions', {
    summary: 'Create a text completion',
    description: "OpenAI's text completions, without a chat template. With echo and logprobs it scores texts.",
    type: TextCompletionRequestDto,
    examples: {
      continue: { model: 'base', prompt: 'Once upon a time', max_tokens: 16 },
      score: { model: 'my-model', prompt: 'Once upon a time', max_tokens: 0, echo: true, logprobs: 1 },
      'two prompts': { model: 'base', prompt: ['Hello', 'Goodbye'], max_tokens: 8, temperature: 0 },
    },
  })
  @ApiFailures()
  @ApiStreamable(TextCompletionDto, [TextCompletionChunkDto, OpenAiErrorDto], 'The continuations.')
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
      return this.streams.write(first.order, readStreamRequest(body), completionChunks(first), signal, response);
    }
    const accepted = await this.generation.submitAll(orders.map(({ order }) => order));
    const sampled = await this.generation.results(accepted, signal);
    const head = completionHead('cmpl', accepted[0]?.requestId ?? '', body.model);
    const results = orders.flatMap((one, i): PromptResult[] => {
      const generated = sampled?.[i]?.generated;
      return generated ? [{ ...one, generated }] : [];
    });
    response.json(sampled && (await presentCompletion(head, results, first.order.source.model.tokenizer)));
  }
}
