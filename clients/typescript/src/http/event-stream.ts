import { EventSourceParserStream } from 'eventsource-parser/stream';
import { ConnectionError, errorInEvent } from './errors.js';

/** One server-sent event; `data` is its JSON, or undefined for the end mark of OpenAI's dialect. */
export interface ServerEvent {
  readonly event: string | undefined;
  readonly data: unknown;
}

const END_MARK = '[DONE]';

/**
 * The events of an answer. Throws the error that an event holds, and ConnectionError when the stream breaks. Leaving the
 * loop closes the connection, at which the server stops computing.
 */
export async function* readEvents(response: Response): AsyncGenerator<ServerEvent, void, undefined> {
  if (response.body === null) throw new ConnectionError('The answer has no body.');
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = events.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(brokenOff);
      if (done) return;
      const data: unknown = value.data === END_MARK ? undefined : JSON.parse(value.data);
      const error = errorInEvent(data);
      if (error) throw error;
      yield { event: value.event, data };
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Aborted by the caller, or broken. */
function brokenOff(cause: unknown): never {
  if (cause instanceof Error && /^(Abort|Timeout)Error$/.test(cause.name)) throw cause;
  throw new ConnectionError('The connection broke in the middle of a stream.', { cause });
}

export function endedEarly(): ConnectionError {
  return new ConnectionError('The stream ended before its result.');
}
