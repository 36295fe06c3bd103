import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Logger } from '@nestjs/common';
import type { Response } from 'express';

const logger = new Logger('Http');

/**
 * Sends a stream as a download. A client that goes away in the middle is not an error. A source that fails in the middle
 * ends the connection, which is all that can still be told to the client, so the log says why.
 */
export async function sendFile(response: Response, source: Readable, type: string, filename: string): Promise<void> {
  response.status(200).attachment(filename).type(type);
  try {
    await pipeline(source, response);
  } catch (error) {
    if (isClientGone(error)) return;
    logger.error(`The download of ${filename} broke off: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isClientGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
