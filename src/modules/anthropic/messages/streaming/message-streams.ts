import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { type AnswerPart } from '../../../../base-models/tool-calls/tool-call.js';
import { GenerationStreamService } from '../../../generation/index.js';
import { writeEvents } from '../../event-stream.js';
import { BlockEvents } from './block-events.js';
import { contentReader } from '../content-parts.js';
import { type MessageOrder, toolUseId } from '../message-order.js';
import { presentEnd, presentOpening, presentTokens } from '../message.presenter.js';

/** Streams a message as Anthropic's events. */
@Injectable()
export class MessageStreams {
  constructor(private readonly streams: GenerationStreamService) {}

  write(order: MessageOrder, signal: AbortSignal, response: Response): Promise<void> {
    return writeEvents(response, async (events) => {
      const reader = contentReader(order.tools);
      const blocks = new BlockEvents(events, () => toolUseId(order));
      let callsTools = false;
      const tell = (parts: readonly AnswerPart[]): void => {
        callsTools ||= parts.some(({ kind }) => kind === 'call');
        blocks.send(parts);
      };
      const sampled = await this.streams.run(order.order, signal, {
        onStart: (requestId) => {
          events.start();
          events.send({ type: 'message_start', message: presentOpening(order, requestId) });
          events.send({ type: 'ping' });
        },
        onDelta: ({ text }) => tell(reader.push(text)),
      });
      if (!sampled) return;
      tell(reader.finish());
      blocks.end();
      const { generated } = sampled;
      const delta = await presentEnd(order, generated, callsTools);
      events.send({ type: 'message_delta', delta, usage: presentTokens(generated) });
      events.send({ type: 'message_stop' });
    });
  }
}
