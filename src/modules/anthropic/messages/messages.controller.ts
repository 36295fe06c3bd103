import { Body, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiFailures, ApiPost, ApiStreamable } from '../../../common/http/api-docs.js';
import { ClientSignal } from '../../../common/http/requests/client-signal.decorator.js';
import { AnthropicErrorDto } from '../../../common/http/errors/error.dto.js';
import { GenerationService } from '../../generation/index.js';
import { AnthropicController } from '../anthropic-controller.decorator.js';
import { MESSAGE_EVENTS } from './dto/message-event.dto.js';
import { MessagePromptDto, MessageRequestDto } from './dto/message-request.dto.js';
import { MessageStreams } from './streaming/message-streams.js';
import { MessageDto, TokenCountDto } from './dto/message.dto.js';
import { presentMessage } from './message.presenter.js';
import { MessageReader } from './readers/message.reader.js';

const MESSAGES = [{ role: 'user', content: 'Hello' }];

@AnthropicController()
export class MessagesController {
  constructor(
    private readonly reader: MessageReader,
    private readonly generation: GenerationService,
    private readonly streams: MessageStreams,
  ) {}

  @Post('messages')
  @HttpCode(200)
  @ApiPost('v1/messages', {
    summary: 'Create a message',
    description:
      "Anthropic's Messages API over base models, adapters and sampler weights. Fields that it does not know are ignored; " +
      'those that would change the answer are refused.',
    type: MessageRequestDto,
    examples: {
      'base model': { model: 'base', max_tokens: 32, messages: MESSAGES },
      adapter: { model: 'my-model', max_tokens: 32, system: 'Be brief.', messages: MESSAGES, temperature: 0.7 },
      stream: { model: 'base', max_tokens: 32, messages: MESSAGES, stream: true },
    },
  })
  @ApiFailures()
  @ApiStreamable(MessageDto, [...MESSAGE_EVENTS, AnthropicErrorDto], 'The message.')
  async create(
    @Body() body: MessageRequestDto,
    @ClientSignal() signal: AbortSignal,
    @Res() response: Response,
  ): Promise<void> {
    const order = await this.reader.read(body);
    if (order.order.stream) return this.streams.write(order, signal, response);
    const accepted = await this.generation.submit(order.order);
    const sampled = await this.generation.result(accepted, signal);
    response.json(sampled && (await presentMessage(order, sampled)));
  }

  @Post('messages/count_tokens')
  @HttpCode(200)
  @ApiPost('v1/messages/count_tokens', {
    summary: 'Count the tokens of a conversation',
    description: 'Returns the number of prompt tokens that POST /v1/messages would use for these fields.',
    type: MessagePromptDto,
    examples: { 'base model': { model: 'base', messages: MESSAGES } },
  })
  @ApiOkResponse({ type: TokenCountDto, description: 'The number of tokens.' })
  async count(@Body() body: MessagePromptDto): Promise<TokenCountDto> {
    const prompt = await this.reader.readPrompt(body);
    return { input_tokens: prompt.length };
  }
}
