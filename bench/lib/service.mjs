/** The built service with a Postgres and a Redis of its own, as the quickstart runs it, and a client. */
import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { startPostgres } from '../../scripts/lib/embedded-postgres.mjs';
import { freePort, pollFor, spawnOwned, tailOf } from '../../scripts/lib/owned-process.mjs';
import { startRedis } from '../../scripts/lib/redis.mjs';
import { StopStack } from '../../scripts/lib/stop-stack.mjs';
import { temporaryFolder } from '../../scripts/lib/temporary-folder.mjs';
import { checkpoint, projectRoot, serviceData, weightCache } from './paths.mjs';
import { THREADS } from './sides.mjs';

const READY_TIMEOUT_MS = 120_000;

/** Calls `work` with { client, queue } while the service runs. */
export async function withService(work) {
  const stack = new StopStack();
  const folder = temporaryFolder('thinker-bench-');
  stack.push('the folder', () => rmSync(folder, { recursive: true, force: true }));
  try {
    return await work(await start(folder, stack));
  } finally {
    await stack.stopAll(console.error);
  }
}

async function start(folder, stack) {
  const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres') });
  stack.push('the data of Postgres', () => rmSync(postgres.dataDir, { recursive: true, force: true }));
  stack.push('Postgres', () => postgres.stop());
  const redis = await startRedis({ dataDir: path.join(folder, 'redis') });
  if (redis) stack.push('Redis', () => redis.stop());
  dropStateOfEarlierRuns();
  const port = await freePort();
  const service = startProcess({
    log: path.join(folder, 'service.log'),
    env: {
      DATABASE_URL: postgres.url,
      REDIS_URL: redis?.url ?? '',
      DATA_DIR: serviceData,
      BASE_MODELS: checkpoint,
      ROLE: 'all',
      ENGINE: 'onnxruntime',
      ENGINE_THREADS: String(THREADS),
      HOST: '127.0.0.1',
      PORT: String(port),
      NO_COLOR: '1',
    },
  });
  stack.push('the service', () => service.stop());
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url, service);
  return { client: new Client(url), queue: redis ? 'Redis' : 'in the process' };
}

function dropStateOfEarlierRuns() {
  mkdirSync(serviceData, { recursive: true });
  for (const name of readdirSync(serviceData)) {
    const file = path.join(serviceData, name);
    if (file !== weightCache) rmSync(file, { recursive: true, force: true });
  }
}

function startProcess({ log, env }) {
  const output = openSync(log, 'w');
  const main = path.join(projectRoot, 'dist', 'src', 'main.js');
  const inherited = { PATH: process.env.PATH, HOME: process.env.HOME };
  const service = spawnOwned(process.execPath, ['--enable-source-maps', main], {
    cwd: projectRoot,
    env: { ...inherited, ...env },
    stdio: ['ignore', output, output],
    graceMs: 30_000,
  });
  closeSync(output);
  return { ...service, log };
}

async function untilReady(url, service) {
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
  const ready = await pollFor(async () => !service.isRunning() || (await isReady()), { timeoutMs: READY_TIMEOUT_MS });
  if (!ready || !service.isRunning()) throw new Error(`The service did not get ready:\n${tailOf(service.log)}`);
}

class Client {
  url;

  constructor(url) {
    this.url = url;
  }

  /** From the request to its result, as a client waits for it. Resolves with { ms, status, answer }. */
  async roundTrip(route, body) {
    const started = performance.now();
    const { answer: accepted } = await this.#post(route, body);
    if (!accepted.request_id) throw new Error(`${route}: ${JSON.stringify(accepted)}`);
    let reply;
    do reply = await this.#post('retrieve_future', { request_id: accepted.request_id });
    while (reply.status === 202);
    return { ms: performance.now() - started, ...reply };
  }

  async #post(route, body) {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${this.url}/${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, answer: await response.json() };
  }
}
