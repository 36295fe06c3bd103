import { Logger } from '@nestjs/common';
import type { Response } from 'express';
import { toAppError } from '../../../common/errors/internal.error.js';
import { toErrorBody } from '../../../common/http/app-exception.filter.js';
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
  const write = (event: string, data: unknown): void => {
    if (!response.writableEnded) response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  try {
    const result = await run({
      onStart: () => startEventStream(response),
      onDelta: (delta) => write('token', delta),
    });
    if (result) write('done', result);
  } catch (error) {
    if (!response.headersSent) throw error;
    write('error', toErrorBody(toAppError(error, 'in an event stream', logger)));
  }
  response.end();
}

/** Sends the headers of an answer that consists of server-sent events. */
export function startEventStream(response: Response): void {
  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-cache, no-transform',
    // Proxies like nginx would hold the events back.
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
}
