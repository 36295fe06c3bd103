import { once } from 'node:events';
import { request, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import express from 'express';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sendFile } from './send-file.js';

let server: Server;
let sent: Promise<void>;
const logged = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
afterEach(async () => {
  logged.mockClear();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Serves the source, and gives the answer as soon as it begins. */
async function download(source: Readable) {
  const app = express();
  app.get('/', (_, response) => {
    sent = sendFile(response, source, 'application/x-tar', 'my-model.tar');
  });
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const asked = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [Readable];
  return answer;
}

describe('a download', () => {
  it('that fails in the middle breaks off, and the log says why', async () => {
    async function* chunks() {
      yield await Promise.resolve(Buffer.from('begun'));
      throw new Error('layers.3.weight contains numbers that F16 cannot hold');
    }
    const answer = await download(Readable.from(chunks(), { objectMode: false }));
    await expect(answer.toArray()).rejects.toThrow('aborted');
    await sent;
    expect(logged.mock.calls).toEqual([
      ['The download of my-model.tar broke off: layers.3.weight contains numbers that F16 cannot hold'],
    ]);
  });

  it('whose client goes away stops the source, without an error', async () => {
    let stopped = false;
    async function* chunks() {
      try {
        for (;;) yield await Promise.resolve(Buffer.alloc(2 ** 16));
      } finally {
        stopped = true;
      }
    }
    const source = Readable.from(chunks(), { objectMode: false });
    const answer = await download(source);
    answer.destroy();
    await sent;
    if (!source.closed) await new Promise((resolve) => source.once('close', resolve));
    expect({ stopped, logged: logged.mock.calls }).toEqual({ stopped: true, logged: [] });
  });
});
