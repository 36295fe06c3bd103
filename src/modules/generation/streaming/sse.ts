import { Logger } from '@nestjs/common';
import type { Response } from 'express';
import { toAppError } from '../../../common/errors/internal.error.js';
import { toErrorBody } from '../../../common/http/app-exception.filter.js';
import { sendEvent, startEventStream } from '../../../common/http/event-stream.js';
import { type StreamListener } from './generation-stream.service.js';

const logger = new Logger('EventStream');

/**
 * Writes a generation as server-sent events: `token` for every piece, then `done` with the result, or `error` with what
 * an error answer would hold. Errors from before `onStart` are thrown, and so answered with their status as usual.
 */
export async function writeEventStream(
  response: Response,
  run: (listener: StreamListener) => Promise<object | null>,
): Promise<void> {
  try {
    const result = await run({
      onStart: () => startEventStream(response),
      onDelta: (delta) => sendEvent(response, 'token', delta),
    });
    if (result) sendEvent(response, 'done', result);
  } catch (error) {
    if (!response.headersSent) throw error;
    sendEvent(response, 'error', toErrorBody(toAppError(error, 'in an event stream', logger)));
  }
  response.end();
}
