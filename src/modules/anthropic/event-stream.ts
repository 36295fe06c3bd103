import type { Response } from 'express';
import { toAnthropicErrorBody } from '../../common/http/errors/anthropic-error-body.js';
import { requestIdOf } from '../../common/http/requests/request-id.js';
import { sendEvent, startEventStream, writeStream } from '../../common/http/responses/event-stream.js';

/** An answer in pieces, as Anthropic's clients read it. */
export interface EventStream {
  /** Sends the headers: from now on the status is 200. */
  start(): void;
  send(event: { readonly type: string; readonly [field: string]: unknown }): void;
}

/** Writes server-sent events that are named by their type, and after a failure an `error` instead of the rest. */
export function writeEvents(response: Response, write: (stream: EventStream) => Promise<void>): Promise<void> {
  const send: EventStream['send'] = (event) => sendEvent(response, event.type, event);
  return writeStream(
    response,
    () => write({ start: () => startEventStream(response), send }),
    (error) => send({ ...toAnthropicErrorBody(error, requestIdOf(response)) }),
  );
}
