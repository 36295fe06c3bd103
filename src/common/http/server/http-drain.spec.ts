import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type HttpAdapterHost } from '@nestjs/core';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpDrain } from './http-drain.js';

const HOUR_MS = 3_600_000;
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A server with a drain that gives answers so much time. */
async function listening(graceMs: number, answer: RequestListener): Promise<{ server: Server; drain: HttpDrain }> {
  const server = createServer(answer);
  const drain = new HttpDrain(
    { httpAdapter: { getHttpServer: () => server } as HttpAdapterHost['httpAdapter'] },
    graceMs,
  );
  drain.onModuleInit();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, drain };
}

/** A connection that the server has seen. */
async function connected(server: Server, send = ''): Promise<Socket> {
  const seen = new Promise((resolve) => server.once(send === '' ? 'connection' : 'request', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  if (send !== '') socket.write(send);
  await seen;
  return socket;
}

const closed = (server: Server) => new Promise<void>((resolve) => server.once('close', resolve));
const REQUEST = 'GET / HTTP/1.1\r\nHost: here\r\n\r\n';

describe('a shutdown', () => {
  it('does not wait for connections on which nothing was asked', async () => {
    const { server, drain } = await listening(HOUR_MS, () => undefined);
    await connected(server);
    const end = closed(server);
    drain.onModuleDestroy();
    await end;
  });

  it('closes a connection that is idle after an answer', async () => {
    const { server, drain } = await listening(HOUR_MS, (_request, response) => response.end('done'));
    const socket = await connected(server, REQUEST);
    await new Promise((resolve) => socket.once('data', resolve));
    const end = closed(server);
    drain.onModuleDestroy();
    await end;
  });

  it('lets a running answer end, and its connection with it', async () => {
    let finish: () => void = () => undefined;
    const { server, drain } = await listening(HOUR_MS, (_request, response) => {
      finish = () => response.end('done');
    });
    const socket = await connected(server, REQUEST);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const end = closed(server);
    drain.onModuleDestroy();
    await new Promise((resolve) => setImmediate(resolve));
    finish();
    await end;
    expect(text).toContain('done');
  });

  it('waits no longer than its grace for a client that does not read', async () => {
    const { server, drain } = await listening(
      0,
      (_request, response) => void response.write(Buffer.alloc(64 * 2 ** 20)),
    );
    (await connected(server, REQUEST)).pause();
    const end = closed(server);
    drain.onModuleDestroy();
    await end;
  });
});
