import { Logger } from '@nestjs/common';
import type { Response } from 'express';
import { toAppError } from '../../common/errors/internal.error.js';
import { toOpenAiErrorBody } from '../../common/http/openai-error-body.js';
import { startEventStream } from '../../common/http/event-stream.js';

const logger = new Logger('EventStream');

/** An answer in pieces, as OpenAI's clients read it. */
export interface ChunkStream {
  /** Sends the headers: from now on the status is 200. */
  start(): void;
  send(chunk: object): void;
}

/**
 * Writes chunks as server-sent events and `[DONE]` after the last one, or an error instead of the rest. Errors from
 * before start() are thrown, and so answered with their status.
 */
export async function writeChunks(response: Response, write: (stream: ChunkStream) => Promise<void>): Promise<void> {
  const send = (data: string): void => {
    if (!response.writableEnded) response.write(`data: ${data}\n\n`);
  };
  try {
    await write({ start: () => startEventStream(response), send: (chunk) => send(JSON.stringify(chunk)) });
    send('[DONE]');
  } catch (error) {
    if (!response.headersSent) throw error;
    send(JSON.stringify(toOpenAiErrorBody(toAppError(error, 'in an event stream', logger))));
  }
  response.end();
}
