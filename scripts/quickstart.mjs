/**
 * npm run quickstart: runs the whole service on a machine that has only Node and npm, and Python 3.11 for BACKEND=torch and
 * BACKEND=megatron. Installs and builds what is missing, starts a private Postgres (unless DATABASE_URL is set) and Redis
 * (unless REDIS_URL is set) and then the service, runs the example client against it, and serves until Ctrl-C. Everything it
 * starts is stopped with it, the service first.
 *
 * Data, logs and the two databases are stored in DATA_DIR (default: .data in this folder).
 */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { bootstrap, ensureTorch, projectRoot } from './lib/bootstrap.mjs';
import { startPostgres } from './lib/embedded-postgres.mjs';
import { followLog } from './lib/log-follower.mjs';
import { spawnOwned, tailOf } from './lib/owned-process.mjs';
import { choosePort } from './lib/port.mjs';
import { startRedis } from './lib/redis.mjs';
import { openRotatingLog } from './lib/rotating-log.mjs';
import { StopStack } from './lib/stop-stack.mjs';

const HELP = `npm run quickstart [-- options]

  (no option)  start everything, run the example client, serve until Ctrl-C
  --once       exit after the example; the exit code is 0 if every step succeeded
  --serve      do not run the example
  --help       show this help

Environment: DATABASE_URL, REDIS_URL, BASE_MODELS, PORT, HOST, DATA_DIR and all other settings of .env.example.`;

/** The timeout is long because a first start may download a model; a service that exits fails immediately. */
const READY_TIMEOUT_MS = 30 * 60_000;
const SERVICE_GRACE_MS = 40_000;

const say = (line) => console.log(line);
const note = (line) => console.log(`  ${line}`);

function readOptions(args) {
  const known = new Set(['--once', '--serve', '--help']);
  const unknown = args.find((arg) => !known.has(arg));
  if (unknown) throw new Error(`Unknown option ${unknown}.\n\n${HELP}`);
  if (args.includes('--once') && args.includes('--serve')) throw new Error('Use either --once or --serve, not both.');
  return { once: args.includes('--once'), example: !args.includes('--serve'), help: args.includes('--help') };
}

async function startDatabase(dataDir, stack) {
  if (process.env.DATABASE_URL) {
    note('Postgres: DATABASE_URL');
    return process.env.DATABASE_URL;
  }
  const postgres = await startPostgres({ dataDir: path.join(dataDir, 'postgres'), log: note });
  stack.push('Postgres', () => postgres.stop());
  note(`Postgres: private, in ${postgres.dataDir}`);
  return postgres.url;
}

async function startQueue(dataDir, stack) {
  if (process.env.REDIS_URL) {
    note('Redis: REDIS_URL');
    return process.env.REDIS_URL;
  }
  const redis = await startRedis({ dataDir: path.join(dataDir, 'redis'), log: note });
  if (redis === null) {
    note('Redis: not found on the PATH, so the queue runs inside the service (one process, no queue dashboard)');
    return '';
  }
  stack.push('Redis', () => redis.stop());
  note(`Redis: private, in ${path.join(dataDir, 'redis')}`);
  return redis.url;
}

function startService({ dataDir, env, stack }) {
  const logFile = path.join(dataDir, 'logs', 'service.log');
  mkdirSync(path.dirname(logFile), { recursive: true });
  const log = openRotatingLog(logFile);
  stack.push('the log', async () => log.stop());
  const main = path.join(projectRoot, 'dist', 'src', 'main.js');
  const service = spawnOwned(process.execPath, ['--enable-source-maps', main], {
    cwd: projectRoot,
    env: { ...process.env, ...env, NO_COLOR: '1' }, // its output goes to a file
    stdio: ['ignore', log.descriptor, log.descriptor],
    graceMs: SERVICE_GRACE_MS,
  });
  log.close();
  stack.push('the service', () => service.stop());
  return { service, logFile, logStart: log.start };
}

/** Resolves when /readyz answers 200; throws with the end of the log if the service exits before. */
async function untilReady(url, { service, logFile, logStart }, signal) {
  const follower = followLog(logFile, note, logStart);
  try {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (Date.now() < deadline) {
      signal.throwIfAborted();
      if (!service.isRunning()) throw await serviceEnded({ service, logFile });
      const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
      if (response?.ok) return;
      follower.poll();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`The service was not ready after ${READY_TIMEOUT_MS / 60_000} minutes:\n${tailOf(logFile)}`);
  } finally {
    follower.stop();
  }
}

async function serviceEnded({ service, logFile }) {
  const { code, signal, error } = await service.exited;
  const how = error?.message ?? (signal ? `by ${signal}` : `with exit code ${code}`);
  return new Error(`The service exited (${how}). The end of ${logFile}:\n\n${tailOf(logFile, 40)}`);
}

async function runExample(url, stack) {
  const script = path.join(projectRoot, 'dist', 'examples', 'example-simple.js');
  const [key = ''] = (process.env.API_KEYS || process.env.ADMIN_KEYS || '').split(',');
  const env = { THINKER_API_KEY: key.trim(), ...process.env };
  const options = { cwd: projectRoot, env, stdio: 'inherit', graceMs: 2000 };
  const example = spawnOwned(process.execPath, [script, url], options);
  stack.push('the example', () => example.stop());
  return (await example.exited).code === 0;
}

function printAddresses(url, dashboard) {
  say(`\nReady: ${url}`);
  note(`API reference (Swagger UI)    ${url}/docs`);
  if (dashboard) note(`Queue dashboard               ${url}/admin/queues`);
}

async function run({ once, example }, stack, signal) {
  const dataDir = path.resolve(projectRoot, process.env.DATA_DIR || '.data');
  say('1. Packages and build');
  await bootstrap({ log: note, signal });
  await ensureTorch({ log: note, signal });
  say('2. Postgres and Redis');
  mkdirSync(dataDir, { recursive: true });
  const databaseUrl = await startDatabase(dataDir, stack);
  const redisUrl = await startQueue(dataDir, stack);
  signal.throwIfAborted();

  say('3. The service');
  const host = process.env.HOST || '127.0.0.1';
  const port = await choosePort({ host, wanted: process.env.PORT, log: note });
  const env = { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, DATA_DIR: dataDir, HOST: host, PORT: String(port) };
  const running = startService({ dataDir, env, stack });
  const url = `http://${['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host}:${port}`;
  await untilReady(url, running, signal);
  printAddresses(url, redisUrl !== '');

  let worked = true;
  if (example) {
    say('\n4. The example client\n');
    worked = await runExample(url, stack);
    signal.throwIfAborted();
    if (!worked) console.error(`\nThe example failed. Log of the service: ${running.logFile}`);
  }
  if (once) return worked;
  say(`\nServing on ${url} until Ctrl-C. Log: ${running.logFile}`);
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await Promise.race([aborted, running.service.exited]);
  if (!signal.aborted) throw await serviceEnded(running);
  return worked;
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return say(HELP);
  const envFile = path.join(projectRoot, '.env');
  if (existsSync(envFile)) process.loadEnvFile(envFile); // as the service does; the environment takes precedence
  const stack = new StopStack();
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130); // second signal: the guards stop the children
      say('\nStopping ...');
      controller.abort();
      void stack.interrupt();
    });
  }
  const keepAlive = setInterval(() => {}, 60_000); // the children do not keep the event loop alive
  try {
    const worked = await run(options, stack, controller.signal);
    process.exitCode = worked ? 0 : 1;
  } catch (error) {
    if (!controller.signal.aborted) {
      console.error(`\n${error.message}`);
      process.exitCode = 1;
    } else if (options.once) {
      process.exitCode = 130;
    }
  } finally {
    await stack.stopAll(note);
    clearInterval(keepAlive);
  }
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
