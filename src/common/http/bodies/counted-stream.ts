import { type Readable, Transform, type TransformCallback } from 'node:stream';
import type { Request } from 'express';
import { MalformedBodyError } from './body.errors.js';
import { bodyIntake } from './request-bodies.js';

/**
 * The bytes of a request whose route reads them itself, counted as they come; it fails with BodiesInFlightError where the
 * next piece finds no room. The reader destroys it at the end: what is left of the request is then thrown away, because
 * a client may look for the answer only after it has sent everything.
 */
export function countedStream(request: Request): Readable {
  const { account } = bodyIntake(request);
  const counted = new Transform({
    transform: (piece: Buffer, _encoding: BufferEncoding, done: TransformCallback) => {
      try {
        account.add(piece.length);
      } catch (error) {
        return done(error instanceof Error ? error : new TypeError(String(error)));
      }
      done(null, piece);
    },
  });
  // The reader hears of it; before it begins and after it has ended nobody does.
  counted.on('error', () => undefined);
  counted.once('close', () => request.unpipe(counted).resume());
  request.once('close', () => {
    if (!request.complete) counted.destroy(new MalformedBodyError('the client has disconnected', undefined));
  });
  return request.pipe(counted);
}
