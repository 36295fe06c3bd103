import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { GenerationStreamService } from '../../generation/index.js';
import { writeEvents } from '../event-stream.js';
import { type MessageOrder } from './message-order.js';
import { presentEnd, presentOpening, presentUsage } from './message.presenter.js';

/** Streams a message as Anthropic's events. */
@Injectable()
export class MessageStreams {
  constructor(private readonly streams: GenerationStreamService) {}

  write(order: MessageOrder, signal: AbortSignal, response: Response): Promise<void> {
    return writeEvents(response, async (events) => {
      let hasText = false;
      const sampled = await this.streams.run(order.order, signal, {
        onStart: (requestId) => {
          events.start();
          events.send({ type: 'message_start', message: presentOpening(order, requestId) });
          events.send({ type: 'ping' });
        },
        onDelta: ({ text }) => {
          if (text === '') return;
          // A message without text has no block.
          if (!hasText)
            events.send({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
          hasText = true;
          events.send({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
        },
      });
      if (!sampled) return;
      if (hasText) events.send({ type: 'content_block_stop', index: 0 });
      const { generated } = sampled;
      const delta = await presentEnd(order, generated);
      events.send({ type: 'message_delta', delta, usage: presentUsage(generated) });
      events.send({ type: 'message_stop' });
    });
  }
}
