import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { waitFor } from '../../support/wait-for.js';

const root = path.join(import.meta.dirname, '..', '..', '..');
const LAUNCH = path.join(root, 'docker', 'torch', 'launch.sh');
const STOP_MS = 30_000;

export type HostIndex = 0 | 1;

/** Two hosts, as far as one machine has them: a network namespace for each. Where that is refused, both are the machine. */
export class TwoHosts {
  private readonly namespace = `thinker-${process.pid}`;
  private readonly link = `thk${process.pid}`;
  /** Why they share a network; null when they do not. */
  readonly shared: string | null;
  /** Of host 0, as host 1 reaches it. */
  readonly address: string;
  private launches: ChildProcess[] = [];
  private written = '';

  constructor() {
    this.shared = this.separate();
    this.address = this.shared === null ? '10.213.77.1' : '127.0.0.1';
  }

  /** Starts launch.sh on a host, in a process group of its own. */
  launch(host: HostIndex, options: readonly string[], variables: Readonly<Record<string, string>>): ChildProcess {
    const own = this.shared === null ? ['--interface', `${this.link}-${host}`] : [];
    const command = [...this.on(host), LAUNCH, '--hosts', '2', '--host-index', `${host}`, ...own, ...options];
    // gloo would ask the name of the machine for its address.
    const network: Record<string, string> = this.shared === null ? {} : { GLOO_SOCKET_IFNAME: 'lo' };
    const child = spawn(command[0]!, command.slice(1), {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...network, ...variables },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (piece: Buffer) => (this.written += piece.toString()));
    }
    this.launches.push(child);
    return child;
  }

  /** What the launches and their ranks have printed. */
  get output(): string {
    return this.written;
  }

  /** As when the host loses its power: nothing that it runs can say a word. */
  kill(launch: ChildProcess): void {
    for (const pid of descendants(launch.pid!)) killIfThere(pid);
  }

  /** Ends all launches. */
  async stop(): Promise<void> {
    const running = this.launches.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    this.launches = [];
    for (const launch of running) launch.kill('SIGTERM');
    const ended = () => running.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
    await waitFor('the end of the launches', ended, { timeout: STOP_MS }).catch((error: unknown) => {
      for (const launch of running) this.kill(launch);
      throw error;
    });
  }

  /** Removes the network; call it when all launches have ended. */
  remove(): void {
    if (this.shared === null) ip('netns', 'delete', this.namespace);
  }

  private on(host: HostIndex): string[] {
    return host === 1 && this.shared === null ? ['ip', 'netns', 'exec', this.namespace] : [];
  }

  /** Joins a new namespace, host 1, with that of the machine, host 0. @returns why that is refused, or null */
  private separate(): string | null {
    const [here, there] = [`${this.link}-0`, `${this.link}-1`];
    const inside = ['netns', 'exec', this.namespace, 'ip'];
    try {
      ip('netns', 'add', this.namespace);
    } catch (error) {
      return `network namespaces are refused: ${String((error as { stderr?: unknown }).stderr ?? error).trim()}`;
    }
    ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there);
    ip('link', 'set', there, 'netns', this.namespace);
    ip('address', 'add', '10.213.77.1/30', 'dev', here);
    ip('link', 'set', here, 'up');
    ip(...inside, 'address', 'add', '10.213.77.2/30', 'dev', there);
    ip(...inside, 'link', 'set', there, 'up');
    ip(...inside, 'link', 'set', 'lo', 'up');
    return null;
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** A process and all that it has started. */
function descendants(pid: number): number[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const found = [pid];
  for (const parent of found) found.push(...pairs.filter(([, of]) => of === parent).map(([child]) => child!));
  return found;
}
