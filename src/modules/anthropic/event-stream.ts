import { Logger } from '@nestjs/common';
import type { Response } from 'express';
import { toAnthropicErrorBody } from '../../common/http/anthropic-error-body.js';
import { toAppError } from '../../common/errors/internal.error.js';
import { requestIdOf } from '../../common/http/request-id.js';
import { startEventStream } from '../../common/http/event-stream.js';

const logger = new Logger('EventStream');

/** An answer in pieces, as Anthropic's clients read it. */
export interface EventStream {
  /** Sends the headers: from now on the status is 200. */
  start(): void;
  send(event: { readonly type: string; readonly [field: string]: unknown }): void;
}

/**
 * Writes server-sent events that are named by their type, and an `error` instead of the rest. Errors from before start()
 * are thrown, and so answered with their status.
 */
export async function writeEvents(response: Response, write: (stream: EventStream) => Promise<void>): Promise<void> {
  const send: EventStream['send'] = (event) => {
    if (!response.writableEnded) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  };
  try {
    await write({ start: () => startEventStream(response), send });
  } catch (error) {
    if (!response.headersSent) throw error;
    const { type, ...body } = toAnthropicErrorBody(
      toAppError(error, 'in an event stream', logger),
      requestIdOf(response),
    );
    send({ type, ...body });
  }
  response.end();
}
