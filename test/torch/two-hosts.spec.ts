import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/lib/owned-process.mjs';
import { TestServer } from '../e2e/support/server.js';
import { TORCH_PYTHON, torchUnavailable } from '../support/engines/torch-environment.js';
import { TwoHosts } from './support/two-hosts.js';

/**
 * Ranks on two hosts with their own networks, started by docker/torch/launch.sh and found by torchrun's rendezvous, that dial
 * in to the service on the first host and train and sample for a client over HTTP.
 */

const TOKEN = 'a token that only the hosts know';
const data = [
  [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'The sea is wide today.' },
  ],
  [
    { role: 'user', content: 'And now?' },
    { role: 'assistant', content: 'Now it is calm.' },
  ],
];

const missing = torchUnavailable();
const hosts = missing === null ? new TwoHosts() : null;
const how = missing ?? hosts?.shared ?? 'two network namespaces';

describe.skipIf(missing !== null)(`ranks on two hosts (${missing === null ? '' : 'skipped: '}${how})`, () => {
  let folder: string;
  let server: TestServer | undefined;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'thinker-hosts-'));
    writeFileSync(path.join(folder, 'token'), TOKEN, { mode: 0o600 });
  });

  afterEach(async ({ task }) => {
    await server?.stop();
    server = undefined;
    await hosts?.stop();
    if (task.result?.state === 'fail') console.error(hosts?.output);
  });

  afterAll(() => {
    hosts?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The service on host 0, and what starts the rank of each host. */
  async function prepare(tls: boolean) {
    const { address } = hosts!;
    const [control, rendezvous] = [await freePort(), await freePort()];
    const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
    if (tls) writeCertificate(address, cert, key);
    const env: Record<string, string> = {
      BACKEND: 'torch',
      TORCH_RANKS: '2',
      TORCH_LISTEN: `${address}:${control}`,
      TORCH_TOKEN: TOKEN,
      TORCH_SILENCE_S: '10',
      ENGINE: '',
      ...(tls ? { TORCH_TLS_CERT: cert, TORCH_TLS_KEY: key } : {}),
    };
    const options = ['--rendezvous', `${address}:${rendezvous}`, '--ranks-per-host', '1', '--python', TORCH_PYTHON];
    const variables: Record<string, string> = {
      THINKER_CONTROL_URL: `${tls ? 'tls' : 'tcp'}://${address}:${control}`,
      ...(tls ? { THINKER_CONTROL_CA: cert } : {}),
    };
    const launch = (host: 0 | 1) =>
      hosts!.launch(host, [...options, '--token-file', path.join(folder, 'token'), '--id', `tls-${tls}`], variables);
    return { env, launch };
  }

  async function train(model: string): Promise<number> {
    const { loss } = await server!.api.forwardBackward({ model_id: model, data });
    await server!.api.optimStep(model);
    return loss;
  }

  it('train and sample, and go on after a host has lost its ranks', async () => {
    const { env, launch } = await prepare(false);
    launch(0);
    const second = launch(1);
    server = await TestServer.start({ env });
    const { body } = await server.api.get('/get_server_capabilities');
    expect(body).toMatchObject({ device: 'cpu' });

    const first = await train('north');
    hosts!.kill(second);
    const going = train('north');
    launch(1);
    expect(await going).toBeLessThan(first);
    expect(server.log).toMatch(/rank [01] \(.+\): it/);
    const { text } = await server.api.generate({ model_id: 'north', prompt: 'Hello', max_tokens: 4, temperature: 0 });
    expect(text).not.toBe('');
    const { body: adapter } = await server.api.get('/adapters/north');
    expect(adapter).toMatchObject({ step: 2, diverged_at_step: null });
  });

  it('train over TLS', async () => {
    const { env, launch } = await prepare(true);
    launch(0);
    launch(1);
    server = await TestServer.start({ env });
    expect(await train('west')).toBeGreaterThan(0);
  });
});

/** Signed by itself, so that it is also the authority that ranks trust. */
function writeCertificate(address: string, cert: string, key: string): void {
  const subject = ['-subj', '/CN=thinker', '-addext', `subjectAltName=IP:${address}`];
  const files = ['-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files], {
    stdio: 'ignore',
  });
}
