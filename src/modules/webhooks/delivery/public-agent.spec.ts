import { createServer } from 'node:http';
import { type AddressInfo, type LookupFunction } from 'node:net';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { publicAgent } from './public-agent.js';

/** A server of the private network, with a redirect and an answer without an end. */
const reached: string[] = [];
const server = createServer((incoming, response) => {
  reached.push(incoming.url ?? '');
  if (incoming.url === '/moved') response.writeHead(302, { Location: '/secret' }).end();
  else if (incoming.url !== '/endless') response.end('secret');
  else {
    const more = setInterval(() => response.write('x'.repeat(10_000)), 1);
    response.on('close', () => clearInterval(more));
  }
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => server.close());
const port = () => (server.address() as AddressInfo).port;

const post = async (agent: ReturnType<typeof publicAgent>, host: string, path = '/secret') => {
  try {
    const { statusCode, body } = await request(`http://${host}:${port()}${path}`, {
      method: 'POST',
      dispatcher: agent,
    });
    return [statusCode, (await body.text()).length];
  } finally {
    await agent.destroy();
  }
};

/** Names resolve to what the next answer is; the resolver of an attacker answers each question anew. */
function resolver(...answers: string[]): { lookup: LookupFunction; asked: () => number } {
  let asked = 0;
  const lookup: LookupFunction = (_hostname, options, callback) => {
    const address = answers[Math.min(asked++, answers.length - 1)]!;
    if (options.all) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  };
  return { lookup, asked: () => asked };
}

it('connects to no private address, by number or by name', async () => {
  const allowPrivate = false;
  await expect(post(publicAgent({ allowPrivate }), '127.0.0.1')).rejects.toThrow('127.0.0.1 is not a public address');
  await expect(post(publicAgent({ allowPrivate }), '[::ffff:127.0.0.1]')).rejects.toThrow('not a public address');
  await expect(post(publicAgent({ allowPrivate }), 'localhost')).rejects.toThrow('not a public address');
  const { lookup } = resolver('127.0.0.1');
  await expect(post(publicAgent({ allowPrivate, lookup }), 'inner.example')).rejects.toThrow('not a public address');
  expect(reached).toEqual([]);
  expect(await post(publicAgent({ allowPrivate: true, lookup }), 'inner.example')).toEqual([200, 6]);
});

it('is not misled by a name that resolves to another address the second time', async () => {
  reached.length = 0;
  // The first answer passes any check before the connection; there is none: the one that counts is the connection's own.
  const rebinding = resolver('93.184.216.34', '127.0.0.1');
  rebinding.lookup('inner.example', {}, () => undefined);
  const agent = publicAgent({ allowPrivate: false, lookup: rebinding.lookup });
  await expect(post(agent, 'inner.example')).rejects.toThrow('127.0.0.1 is not a public address');
  expect(rebinding.asked()).toBe(2);
  expect(reached).toEqual([]);
});

it('follows no redirect, and reads no answer without an end', async () => {
  reached.length = 0;
  expect((await post(publicAgent({ allowPrivate: true }), '127.0.0.1', '/moved'))[0]).toBe(302);
  expect(reached).toEqual(['/moved']);
  await expect(post(publicAgent({ allowPrivate: true }), '127.0.0.1', '/endless')).rejects.toThrow(/size/i);
});
