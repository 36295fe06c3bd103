import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

/** Sends a stream as a download. A client that goes away in the middle is not an error. */
export async function sendFile(response: Response, source: Readable, type: string, filename: string): Promise<void> {
  response.status(200).attachment(filename).type(type);
  try {
    await pipeline(source, response);
  } catch (error) {
    if (response.writableEnded || response.destroyed) return;
    throw error;
  }
}
