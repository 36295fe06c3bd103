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

/**
 * Calls `work` with { client, queue, pid, url, databaseUrl } while the service runs with these settings, in a folder
 * of its own unless they name one. `root` is the folder of the version to run.
 */
export async function withService(settings, work, root = projectRoot) {
  const stack = new StopStack();
  const folder = temporaryFolder('thinker-bench-');
  stack.push('the folder', () => rmSync(folder, { recursive: true, force: true }));
  try {
    return await work(await start(settings, folder, stack, root));
  } finally {
    await stack.stopAll(console.error);
  }
}

async function start(settings, folder, stack, root) {
  const databases = await startDatabases(folder, stack);
  const all = { ...databases, DATA_DIR: path.join(folder, 'data'), ROLE: 'all', ...settings };
  const { url, service } = await startServer(folder, stack, all, root);
  const queue = databases.REDIS_URL === '' ? 'in the process' : 'Redis';
  return { client: new Client(url), queue, pid: service.pid, url, databaseUrl: databases.DATABASE_URL };
}

/** Resolves with the settings that name the two. */
export async function startDatabases(folder, stack) {
  const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres') });
  stack.push('the data of Postgres', () => rmSync(postgres.dataDir, { recursive: true, force: true }));
  stack.push('Postgres', () => postgres.stop());
  const redis = await startRedis({ dataDir: path.join(folder, 'redis') });
  if (redis) stack.push('Redis', () => redis.stop());
  return { DATABASE_URL: postgres.url, REDIS_URL: redis?.url ?? '' };
}

/** A process that serves HTTP, ready for requests. */
export async function startServer(folder, stack, settings, root = projectRoot) {
  const port = await freePort();
  const env = { ...settings, PORT: String(port) };
  const service = startProcess({ log: path.join(folder, 'service.log'), env, root });
  stack.push('the service', () => service.stop());
  const url = `http://127.0.0.1:${port}`;
  await untilReady(`${url}/${settings.ROLE === 'api' ? 'healthz' : 'readyz'}`, service); // ready is only who computes
  return { url, service };
}

/** The checkpoint of the comparison with the engine alone, whose converted weights are kept for the next run. */
export function checkpointSettings() {
  dropStateOfEarlierRuns();
  return { DATA_DIR: serviceData, BASE_MODELS: checkpoint };
}

function dropStateOfEarlierRuns() {
  mkdirSync(serviceData, { recursive: true });
  for (const name of readdirSync(serviceData)) {
    const file = path.join(serviceData, name);
    if (file !== weightCache) rmSync(file, { recursive: true, force: true });
  }
}

/** A process of the built service, which writes all that it says to `log`. */
export function startProcess({ log, env, root = projectRoot }) {
  const output = openSync(log, 'w');
  const main = path.join(root, 'dist', 'src', 'main.js');
  const defaults = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NO_COLOR: '1',
    HOST: '127.0.0.1',
    ENGINE: 'onnxruntime',
    ENGINE_THREADS: String(THREADS),
  };
  const service = spawnOwned(process.execPath, ['--enable-source-maps', main], {
    cwd: root,
    env: { ...defaults, ...env },
    stdio: ['ignore', output, output],
    graceMs: 30_000,
  });
  closeSync(output);
  return { ...service, log };
}

async function untilReady(address, service) {
  const isReady = () =>
    fetch(address).then(
      (answer) => answer.ok,
      () => false,
    );
  const ready = await pollFor(async () => !service.isRunning() || (await isReady()), { timeoutMs: READY_TIMEOUT_MS });
  if (!ready || !service.isRunning()) throw new Error(`The service did not get ready:\n${tailOf(service.log)}`);
}

/** The native API. */
export class Client {
  url;
  #headers;

  /** `key`: an API key, for a service that asks for one. */
  constructor(url, key) {
    this.url = url;
    this.#headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'x-api-key': key }) };
  }

  /** From the request to its result, as a client waits for it. Resolves with { ms, status, answer }. */
  async roundTrip(route, body) {
    const started = performance.now();
    const request_id = await this.submit(route, body);
    let reply;
    do reply = await this.post('retrieve_future', { request_id });
    while (reply.status === 202);
    return { ms: performance.now() - started, ...reply };
  }

  /** Resolves with the id of what was accepted. */
  async submit(route, body) {
    const { answer } = await this.post(route, body);
    if (!answer.request_id) throw new Error(`${route}: ${JSON.stringify(answer)}`);
    return answer.request_id;
  }

  /** Resolves with the answer of a request that must not be refused. */
  async call(route, body) {
    const { status, answer } = await this.post(route, body);
    if (status >= 400) throw new Error(`${route}: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Resolves with { status, answer }. */
  async post(route, body) {
    const request = { method: 'POST', headers: this.#headers, body: JSON.stringify(body) };
    const response = await fetch(`${this.url}/${route}`, request);
    return { status: response.status, answer: await response.json() };
  }
}
