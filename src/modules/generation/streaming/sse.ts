import type { Response } from 'express';
import { sendEvent, startEventStream, writeStream } from '../../../common/http/responses/event-stream.js';
import { type StreamListener } from './generation-stream.service.js';

/**
 * Writes a generation as server-sent events: `token` for every piece, then `done` with the result, or `error` with what
 * an error answer would hold.
 */
export async function writeEventStream(
  response: Response,
  run: (listener: StreamListener) => Promise<object | null>,
): Promise<void> {
  await writeStream(response, async () => {
    const result = await run({
      onStart: () => startEventStream(response),
      onDelta: (delta) => sendEvent(response, 'token', delta),
    });
    if (result) sendEvent(response, 'done', result);
  });
}
