import { Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { PeriodicTask } from '../../periodic/periodic-task.js';
import { sendError } from '../errors/app-exception.filter.js';
import { BodyTooSlowError } from './body.errors.js';

/** On average, after the grace period. */
const MIN_BYTES_PER_S = 16 * 2 ** 10;
const CHECK_MS = 1000;
/** What follows an answer that did not wait for its request's body is thrown away, while it comes, but no more. */
const DRAIN_GRACE_S = 5;
const DRAIN_BYTES = 2 ** 26;

interface Watched {
  readonly request: Request;
  readonly response: Response;
  /** The body is wanted, or what is left of it is thrown away. */
  readonly isRead: boolean;
  readonly since: number;
  /** What had come over the connection by then. */
  readonly bytesBefore: number;
}

/**
 * Ends requests whose bodies stand still, so that nobody holds connections by announcing bytes: those that are read are
 * answered 408, the connection of others is closed.
 */
export class BodyWatch {
  private readonly watched = new Set<Watched>();
  private readonly task = new PeriodicTask(
    { purpose: 'check the pace of request bodies', intervalMs: CHECK_MS, logger: new Logger(BodyWatch.name) },
    () => this.check(),
  );

  constructor(private readonly graceS: number) {}

  /** The body is being read from now on. */
  read(request: Request, response: Response): void {
    this.add(request, response, true);
  }

  /** When the answer has been sent, what is left of the body is thrown away by Node. */
  drain(request: Request, response: Response): void {
    response.once('finish', () => {
      if (!request.complete) this.add(request, response, false);
    });
  }

  private add(request: Request, response: Response, isRead: boolean): void {
    const watched = {
      request,
      response,
      isRead,
      since: performance.now(),
      bytesBefore: request.socket.bytesRead,
    };
    if (this.watched.size === 0) this.task.start();
    this.watched.add(watched);
    const forget = (): boolean => this.watched.delete(watched);
    request.once('end', forget).once('close', forget);
  }

  private check(): void {
    for (const watched of this.watched) {
      // What is thrown away need not tell of its end, and the connection goes on with other requests.
      if (watched.request.complete) {
        this.watched.delete(watched);
        continue;
      }
      const seconds = (performance.now() - watched.since) / 1000;
      const bytes = watched.request.socket.bytesRead - watched.bytesBefore;
      const since = seconds - (watched.isRead ? this.graceS : DRAIN_GRACE_S);
      const isSlow = since > 0 && bytes < since * MIN_BYTES_PER_S;
      if (watched.isRead && isSlow) this.refuse(watched, bytes, seconds);
      else if (!watched.isRead && (isSlow || bytes > DRAIN_BYTES)) this.end(watched);
    }
    if (this.watched.size === 0) void this.task.stop();
  }

  private refuse(watched: Watched, bytes: number, seconds: number): void {
    const { response } = watched;
    if (response.headersSent) return this.end(watched);
    this.watched.delete(watched);
    response.once('finish', () => watched.request.socket.destroySoon());
    response.setHeader('Connection', 'close');
    sendError(response, new BodyTooSlowError(bytes, Math.round(seconds)));
  }

  private end(watched: Watched): void {
    this.watched.delete(watched);
    watched.request.socket.destroy();
  }
}
