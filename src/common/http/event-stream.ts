import type { Response } from 'express';

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

/** Sends one event with JSON as its data. With an id, a client that connects again names it as the last one it has. */
export function sendEvent(response: Response, event: string, data: unknown, id?: number): void {
  if (response.writableEnded) return;
  response.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** Sends a comment, which clients skip: it shows them and proxies that the stream lives. */
export function sendHeartbeat(response: Response): void {
  if (!response.writableEnded) response.write(': heartbeat\n\n');
}

/** The last event that a client has already: the header that EventSource sends when it connects again. */
export function readLastEventId(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}
