import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { choosePort } from './port.mjs';

const host = '127.0.0.1';
const servers: Server[] = [];

async function occupy(port: number): Promise<number | undefined> {
  const server = createServer();
  server.listen(port, host);
  const outcome = await Promise.race([once(server, 'listening'), once(server, 'error')]).catch(() => ['error']);
  if (outcome.length > 0) return undefined; // somebody else has it: taken all the same
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

describe('choosePort', () => {
  it('gives way from the default port to a free one and says so', async () => {
    await occupy(8000);
    const lines: string[] = [];
    const port = await choosePort({ host, log: (line) => lines.push(line) });
    expect(port).toBeGreaterThan(8000);
    expect(lines).toEqual([`Port 8000 is in use, using ${port} instead`]);
  });

  it('refuses a taken port that was asked for', async () => {
    const taken = await occupy(0);
    await expect(choosePort({ host, wanted: String(taken), log: () => {} })).rejects.toThrow(`Port ${taken}`);
  });

  it.each(['eighty', '70000', '-1'])('refuses PORT=%s', async (wanted) => {
    await expect(choosePort({ host, wanted, log: () => {} })).rejects.toThrow('not a port number');
  });
});
