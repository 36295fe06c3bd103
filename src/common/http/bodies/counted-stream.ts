import { Readable } from 'node:stream';
import type { Request } from 'express';
import { bodyIntake } from './request-bodies.js';

/**
 * The bytes of a request whose route reads them itself, counted as they come. What is left is neither read nor
 * destroyed when the reader stops, so that a refused upload can still be answered.
 * @throws BodiesInFlightError where the next piece finds no room
 */
export function countedStream(request: Request): Readable {
  const { account } = bodyIntake(request);
  async function* pieces(): AsyncGenerator<Buffer> {
    for await (const piece of request.iterator({ destroyOnReturn: false })) {
      account.add((piece as Buffer).length);
      yield piece as Buffer;
    }
  }
  return Readable.from(pieces(), { objectMode: false });
}
