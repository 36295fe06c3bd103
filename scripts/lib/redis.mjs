/**
 * A private Redis (or Valkey) for the queue: the server program found on the PATH, on a free port of 127.0.0.1, with a
 * generated password and an append-only file under `dataDir`. Resolves with null when the machine has no such program:
 * the service then takes its in-process queue. The password goes through a 0600 file, never through the command line.
 */
import { randomBytes } from 'node:crypto';
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { freePort, pollFor, processCommand, spawnOwned, tailOf } from './owned-process.mjs';

const PROGRAMS = ['redis-server', 'valkey-server'];
const START_TIMEOUT_MS = 30_000;
const START_ATTEMPTS = 3;

/** The server program on the PATH, or undefined. */
export function findRedis(searchPath = process.env.PATH ?? '') {
  for (const directory of searchPath.split(path.delimiter).filter(Boolean)) {
    for (const name of PROGRAMS) {
      const program = path.join(directory, name);
      try {
        accessSync(program, constants.X_OK);
        return program;
      } catch {
        // not in this folder
      }
    }
  }
  return undefined;
}

/**
 * @param {{ dataDir: string, log?: (line: string) => void, waitForPredecessorMs?: number, again?: { url: string } }} options
 *   `again` starts the server that was there once more, under the same address
 * @returns {Promise<{ url: string, pid: number, stop: () => Promise<void>, crash: () => Promise<void> } | null>}
 */
export async function startRedis({ dataDir, log = () => {}, waitForPredecessorMs = 15_000, again }) {
  const program = findRedis();
  if (program === undefined) return null;
  const home = path.resolve(dataDir);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  await awaitPredecessor(home, { log, timeoutMs: waitForPredecessorMs });
  const logFile = path.join(home, 'redis.log');
  const former = again && new URL(again.url);
  const password = former?.password ?? randomBytes(24).toString('hex');
  for (let attempt = 1; ; attempt++) {
    const port = Number(former?.port) || (await freePort());
    const server = spawnServer({ program, home, port, password, logFile });
    const ready = await pollFor(() => !server.isRunning() || answers(port, password), { timeoutMs: START_TIMEOUT_MS });
    if (ready && server.isRunning()) {
      const url = `redis://:${password}@127.0.0.1:${port}`;
      return { url, pid: server.pid, stop: () => server.stop(), crash: () => crash(server) };
    }
    await server.stop();
    const { error } = await server.exited;
    const reason = error?.message ?? tailOf(logFile);
    if (attempt < START_ATTEMPTS && /Address already in use|bind/i.test(reason)) continue;
    throw new Error(`${program} did not start in ${home}:\n${reason}\nSet REDIS_URL to a Redis of your own.`);
  }
}

async function crash(server) {
  server.kill('SIGKILL');
  await server.stop();
}

function spawnServer({ program, home, port, password, logFile }) {
  const settings = [
    ['bind', '127.0.0.1'],
    ['port', port],
    ['dir', quote(home)],
    ['pidfile', quote(path.join(home, 'redis.pid'))],
    ['requirepass', password],
    ['save', '""'],
    ['appendonly', 'yes'],
    ['daemonize', 'no'],
  ];
  const config = path.join(home, 'redis.conf');
  rmSync(config, { force: true }); // written anew, so that mode 0600 holds whatever was there
  writeFileSync(config, settings.map((setting) => `${setting.join(' ')}\n`).join(''), { mode: 0o600 });
  const output = openSync(logFile, 'w', 0o600);
  const server = spawnOwned(program, [config], { cwd: home, stdio: ['ignore', output, output] });
  closeSync(output);
  return server;
}

const quote = (text) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** Two servers on one append-only file would spoil it; one of a run that was just killed is given time to end. */
async function awaitPredecessor(home, { log, timeoutMs }) {
  const pidFile = path.join(home, 'redis.pid');
  const runningPid = () => {
    const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').trim()) : 0;
    return /redis|valkey/.test(processCommand(pid) ?? '') ? pid : undefined;
  };
  if (runningPid()) log('waiting for the Redis of an earlier run to end');
  const gone = await pollFor(() => !runningPid(), { timeoutMs });
  if (!gone) {
    const pid = runningPid();
    throw new Error(
      `Another Redis (pid ${pid}) is running on ${home}. Stop the first one (Ctrl-C there, or kill ${pid}), or choose another ` +
        `data folder with DATA_DIR.`,
    );
  }
}

/** Whether the server accepts the password and has loaded its file: the second answer is +PONG. */
function answers(port, password) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let reply = '';
    const finish = (value) => {
      socket.destroy();
      resolve(value);
    };
    socket.setTimeout(1000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.on('data', (chunk) => {
      reply += chunk.toString('latin1');
      if (reply.split('\r\n').length > 2) finish(reply.includes('+PONG'));
    });
    socket.write(`AUTH ${password}\r\nPING\r\n`);
  });
}
