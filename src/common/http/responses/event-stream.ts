import { Logger } from '@nestjs/common';
import type { Response } from 'express';
import { type AppError } from '../../errors/app-error.js';
import { toAppError } from '../../errors/internal.error.js';
import { toErrorBody } from '../errors/app-exception.filter.js';

const logger = new Logger('EventStream');

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

/**
 * Writes server-sent events and ends the answer; an error comes instead of the rest. Errors from before the start of the
 * stream are thrown, and so answered with their status.
 */
export async function writeStream(
  response: Response,
  write: () => Promise<void>,
  sendError = (error: AppError) => sendEvent(response, 'error', toErrorBody(error)),
): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!response.headersSent) throw error;
    sendError(toAppError(error, 'in an event stream', logger));
  }
  response.end();
}

/** Sends one event with JSON as its data. With an id, a client that connects again names it as the last one it has. */
export function sendEvent(response: Response, event: string, data: unknown, id?: number): void {
  send(response, `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** Sends one event that has no name. */
export function sendData(response: Response, data: string): void {
  send(response, `data: ${data}\n\n`);
}

/** Sends a comment, which clients skip: it shows them and proxies that the stream lives. */
export function sendHeartbeat(response: Response): void {
  send(response, ': heartbeat\n\n');
}

/** The last event that a client has already: the header that EventSource sends when it connects again. */
export function readLastEventId(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

function send(response: Response, text: string): void {
  if (!response.writableEnded) response.write(text);
}
