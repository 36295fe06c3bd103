/**
 * Child processes that end with us: a server started here is stopped by stop(), and by a small guard when this process
 * dies in any other way (even by SIGKILL), so no database is left running behind the user's back.
 *
 * Each child leads its own session, so a Ctrl-C in the terminal reaches only this process, which then stops the
 * children in the right order. The guard is a shell that waits for the end of a pipe that only this process holds.
 * Neither keeps the event loop alive. Works on Linux and macOS; Windows users take WSL.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const GUARD = `
read -r _
kill -"$2" "$1" 2>/dev/null || exit 0
i=0
while [ $i -lt 100 ] && kill -0 "$1" 2>/dev/null; do sleep 0.1; i=$((i + 1)); done
kill -KILL "$1" 2>/dev/null
`;

function startGuard(pid, signal) {
  const guard = spawn('/bin/sh', ['-c', GUARD, 'guard', String(pid), signal.replace('SIG', '')], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => {}); // no /bin/sh: stop() still works, only a crash of ours would leave the child behind
  guard.stdin.on('error', () => {});
  guard.unref();
  guard.stdin.unref?.();
  return guard;
}

/**
 * Starts a program. `stopSignal` asks it to end, SIGKILL follows after `graceMs`. Other options are spawn's.
 * Returns `{ pid, exited, isRunning(), stop(), kill(signal) }`; `exited` resolves with `{ code, signal, error? }` and never
 * rejects. kill() only sends the signal.
 */
export function spawnOwned(command, args, { stopSignal = 'SIGTERM', graceMs = 10_000, ...options } = {}) {
  const child = spawn(command, args, { ...options, detached: true });
  let running = true;
  let guard;
  const exited = new Promise((resolve) => {
    const finish = (outcome) => {
      if (!running) return;
      running = false;
      guard?.kill('SIGKILL');
      resolve(outcome);
    };
    child.once('error', (error) => finish({ code: null, signal: null, error }));
    child.once('exit', (code, signal) => finish({ code, signal }));
  });
  if (child.pid !== undefined) guard = startGuard(child.pid, stopSignal);
  child.unref();

  async function stop() {
    if (!running) return;
    child.ref(); // so that awaiting `exited` is enough to keep this process alive until the child is gone
    child.kill(stopSignal);
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await exited;
    clearTimeout(timer);
  }
  return { pid: child.pid, exited, isRunning: () => running, stop, kill: (signal) => running && child.kill(signal) };
}

/** A TCP port on 127.0.0.1 that was free a moment ago; the caller retries when somebody else took it meanwhile. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The command line of a running process, or undefined when there is none with that id. */
export function processCommand(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const procFile = `/proc/${pid}/cmdline`;
  if (existsSync('/proc/self/cmdline')) {
    try {
      return readFileSync(procFile, 'utf8').split('\0').join(' ').trim() || undefined;
    } catch {
      return undefined;
    }
  }
  const ps = spawnSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' });
  return ps.stdout?.trim() || undefined;
}

/** Polls `condition` (may be async) until it gives a truthy value, which is returned, or undefined after `timeoutMs`. */
export async function pollFor(condition, { timeoutMs, intervalMs = 50 }) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() >= deadline) return undefined;
    await sleep(intervalMs);
  }
}

/** The last `lines` lines of a text file, or '' when it cannot be read. */
export function tailOf(file, lines = 30) {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
