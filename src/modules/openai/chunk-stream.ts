import type { Response } from 'express';
import { toOpenAiErrorBody } from '../../common/http/errors/openai-error-body.js';
import { sendData, startEventStream, writeStream } from '../../common/http/responses/event-stream.js';

/** An answer in pieces, as OpenAI's clients read it. */
export interface ChunkStream {
  /** Sends the headers: from now on the status is 200. */
  start(): void;
  send(chunk: object): void;
}

/** Writes chunks as server-sent events and `[DONE]` after the last one, or after a failure an error instead of the rest. */
export function writeChunks(response: Response, write: (stream: ChunkStream) => Promise<void>): Promise<void> {
  const send = (chunk: object): void => sendData(response, JSON.stringify(chunk));
  return writeStream(
    response,
    async () => {
      await write({ start: () => startEventStream(response), send });
      sendData(response, '[DONE]');
    },
    (error) => send(toOpenAiErrorBody(error)),
  );
}
