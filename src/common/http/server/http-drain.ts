import { Server, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { type HttpAdapterHost } from '@nestjs/core';

/** Longer than clients keep an idle connection, so that no request meets one that is just being closed. */
const KEEP_ALIVE_MS = 75_000;
/** For the answers that tell of the shutdown, however short the grace period is. */
const LAST_ANSWER_MS = 2000;

/**
 * Closes the HTTP server as the first thing of a shutdown: no new connections, running answers end, and each
 * connection is closed as soon as it is idle. Running operations are then given time to end, and clients that ask
 * meanwhile should find the next process, not this one.
 */
@Injectable()
export class HttpDrain implements OnModuleInit, OnModuleDestroy {
  private readonly connections = new Set<Socket>();
  private readonly answering = new Set<ServerResponse>();

  constructor(
    private readonly adapterHost: Pick<HttpAdapterHost, 'httpAdapter'>,
    /** How long answers may take from the start of a shutdown on; a client that does not read must not hold it up. */
    private readonly graceMs: number,
  ) {}

  onModuleInit(): void {
    const server = this.server();
    if (server === null) return;
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.on('connection', (socket) => {
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
    });
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
    this.closeUnusedConnections();
    for (const response of this.answering) {
      response.once('close', () => setImmediate(() => server.closeIdleConnections()));
    }
    setTimeout(() => server.closeAllConnections(), this.graceMs + LAST_ANSWER_MS).unref();
  }

  /**
   * Those on which nothing has been asked yet, such as a browser opens in advance, or a client that gave its request up
   * while it connected. To Node they are not idle: it waits for their first request.
   */
  private closeUnusedConnections(): void {
    for (const socket of this.connections) if (socket.bytesRead === 0) socket.destroy();
  }

  /** Null in an application without HTTP. */
  private server(): Server | null {
    const server: unknown = this.adapterHost.httpAdapter?.getHttpServer();
    return server instanceof Server ? server : null;
  }
}
