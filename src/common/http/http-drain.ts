import { Server, type ServerResponse } from 'node:http';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/** Longer than clients keep an idle connection, so that no request meets one that is just being closed. */
const KEEP_ALIVE_MS = 75_000;
/** After the end of a shutdown's grace period nobody is waited for. */
const MAX_ANSWER_MS = 30_000;

/**
 * Closes the HTTP server as the first thing of a shutdown: no new connections, running answers end, and each
 * connection is closed as soon as it is idle. Running operations are then given time to end, and clients that ask
 * meanwhile should find the next process, not this one.
 */
@Injectable()
export class HttpDrain implements OnModuleInit, OnModuleDestroy {
  private readonly answering = new Set<ServerResponse>();

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  onModuleInit(): void {
    const server = this.server();
    if (server === null) return;
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.on('request', (_request, response) => {
      this.answering.add(response);
      response.once('close', () => this.answering.delete(response));
    });
  }

  onModuleDestroy(): void {
    const server = this.server();
    if (server?.listening !== true) return;
    server.close();
    server.closeIdleConnections();
    for (const response of this.answering) {
      response.once('close', () => setImmediate(() => server.closeIdleConnections()));
    }
    setTimeout(() => server.closeAllConnections(), MAX_ANSWER_MS).unref();
  }

  /** Null in an application without HTTP. */
  private server(): Server | null {
    const server: unknown = this.adapterHost.httpAdapter?.getHttpServer();
    return server instanceof Server ? server : null;
  }
}
