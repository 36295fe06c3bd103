import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/lib/owned-process.mjs';
import { Nginx, nginxIsMissing } from '../support/servers/nginx.js';
import { waitFor } from '../support/wait-for.js';
import { TestServer } from './support/server.js';

/* The service behind nginx with docker/proxy/nginx.conf, over TLS. */

const KEY = 'behind-nginx';

interface Received {
  readonly status: number;
  readonly pieces: readonly string[];
}

describe.skipIf(nginxIsMissing)('behind nginx (needs nginx and openssl)', () => {
  let server: TestServer;
  let nginx: Nginx;
  let port: number;

  beforeAll(async () => {
    server = await TestServer.start({ env: { ADMIN_KEYS: KEY } });
    port = await freePort();
    nginx = new Nginx({ service: Number(new URL(server.api.url).port), http: await freePort(), https: port });
    nginx.start();
    await waitFor('nginx', () =>
      send('/healthz').then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
  });

  afterAll(async () => {
    await nginx?.stop();
    await server?.stop();
  });

  /** The pieces of the answer as they arrive. */
  function send(path: string, body?: Buffer, type = 'application/json'): Promise<Received> {
    return new Promise((resolve, reject) => {
      const headers = { 'X-API-Key': KEY, ...(body && { 'Content-Type': type, 'Content-Length': body.length }) };
      const target = { host: 'localhost', family: 4, port, path, headers, ca: nginx.certificate, agent: false };
      const sent = request({ ...target, method: body ? 'POST' : 'GET' }, (answer) => {
        const pieces: string[] = [];
        answer.on('data', (piece: Buffer) => pieces.push(piece.toString()));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, pieces }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  it('events of a stream arrive one by one', async () => {
    const messages = [{ role: 'user', content: 'Hello' }];
    const body = { model: 'tiny-chat', messages, stream: true, max_tokens: 24, logit_bias: {} };
    const { status, pieces } = await send('/v1/chat/completions', Buffer.from(JSON.stringify(body)));
    expect(status, pieces.join('')).toBe(200);
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces[0]).not.toContain('[DONE]');
    expect(pieces.at(-1)).toContain('[DONE]');
  });

  it('a file larger than what nginx takes by default arrives', async () => {
    const row = JSON.stringify({
      messages: [
        { role: 'user', content: 'x'.repeat(4000) },
        { role: 'assistant', content: 'y' },
      ],
    });
    const file = `${row}\n`.repeat(700);
    const boundary = 'thinker-boundary';
    const part = (head: string, content: string) =>
      `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
    const form = `${part('name="purpose"', 'fine-tune')}${part('name="file"; filename="rows.jsonl"', file)}--${boundary}--\r\n`;
    const { status, pieces } = await send('/v1/files', Buffer.from(form), `multipart/form-data; boundary=${boundary}`);
    expect(status, pieces.join('')).toBe(200);
    expect(JSON.parse(pieces.join(''))).toMatchObject({ bytes: file.length });
  });

  it('a body above its limit is refused', async () => {
    const answer = await new Promise<number>((resolve, reject) => {
      const headers = { 'X-API-Key': KEY, 'Content-Length': 600 * 2 ** 20 };
      const target = {
        host: 'localhost',
        family: 4,
        port,
        path: '/v1/files',
        headers,
        ca: nginx.certificate,
        agent: false,
      };
      const sent = request({ ...target, method: 'POST' }, ({ statusCode = 0 }) => {
        sent.destroy();
        resolve(statusCode);
      });
      sent.on('error', reject);
      sent.flushHeaders();
    });
    expect(answer).toBe(413);
  });
});
