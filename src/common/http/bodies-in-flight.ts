import type { Request, RequestHandler } from 'express';
import { BodiesInFlightError } from './body.errors.js';

/**
 * Bounds the bytes of all bodies that are being received or worked on: they are in memory. A body counts by its
 * Content-Length, or as the largest one allowed where its size is not known before it is there (chunked or compressed);
 * a chunked one by what came from then on. It counts until its answer is sent.
 */
export class BodiesInFlight {
  private readonly sizes = new Map<Request, number>();
  /** What had come over the connection before the body. */
  private readonly readBefore = new WeakMap<Request, number>();
  private total = 0;

  constructor(
    private readonly limitBytes: number,
    private readonly bodyLimitBytes: number,
  ) {}

  /** Goes before the body parser. One body is always taken, however small the limit. */
  readonly before: RequestHandler = (request, response, next) => {
    const size = expectedBytes(request, this.bodyLimitBytes);
    if (size === 0) return next();
    if (this.total > 0 && this.total + size > this.limitBytes) {
      return next(new BodiesInFlightError(this.total, this.limitBytes));
    }
    this.readBefore.set(request, request.socket.bytesRead);
    this.set(request, size);
    response.once('close', () => {
      this.set(request, 0);
      this.sizes.delete(request);
    });
    next();
  };

  /** Goes behind what unpacks bodies: a long poll must not hold the room of a large body. */
  readonly after: RequestHandler = (request, _response, next) => {
    const body: unknown = request.body;
    const from = this.readBefore.get(request);
    if (from === undefined) return next();
    if (Buffer.isBuffer(body)) this.set(request, body.length);
    else if (request.headers['transfer-encoding'] !== undefined && !isPacked(request))
      this.set(request, request.socket.bytesRead - from);
    next();
  };

  private set(request: Request, size: number): void {
    this.total += size - (this.sizes.get(request) ?? 0);
    this.sizes.set(request, size);
  }
}

function expectedBytes(request: Request, most: number): number {
  if (request.headers['transfer-encoding'] !== undefined) return most;
  const size = Number(request.headers['content-length'] ?? 0);
  return size > 0 && isPacked(request) ? most : Math.min(size, most);
}

function isPacked({ headers }: Request): boolean {
  return (headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity';
}
