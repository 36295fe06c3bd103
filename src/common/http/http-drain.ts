import { Server } from 'node:http';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/**
 * Stops accepting connections as the first thing of a shutdown: running operations are given time to end, and clients
 * that ask meanwhile should find the next process, not this one.
 */
@Injectable()
export class HttpDrain implements OnModuleDestroy {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  onModuleDestroy(): void {
    // There is no adapter in an application without HTTP.
    const server: unknown = this.adapterHost.httpAdapter?.getHttpServer();
    if (!(server instanceof Server) || !server.listening) return;
    server.close();
    server.closeIdleConnections();
  }
}
