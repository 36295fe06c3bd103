import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type OwnedProcess, spawnOwned } from '../../scripts/lib/owned-process.mjs';
import { pause } from '../support/pause.js';
import { waitFor } from '../support/wait-for.js';

const root = path.join(import.meta.dirname, '..', '..');
const MAIN = path.join(root, 'dist', 'src', 'main.js');
const STOP_MS = 40_000;

/**
 * One process of the service as a supervisor keeps it: when it ends without having been told to stay down, it is
 * started again after a short while. Everything it prints goes to one file.
 */
export class ServiceProcess {
  private current: OwnedProcess | null = null;
  private wanted = false;
  private nextEnv: Readonly<Record<string, string>> = {};
  /** How often it has been started. */
  starts = 0;

  constructor(
    readonly name: string,
    private readonly env: Readonly<Record<string, string>>,
    private readonly logFile: string,
    private readonly restartDelayMs: () => number,
  ) {}

  get pid(): number {
    return this.current?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.current?.isRunning() ?? false;
  }

  /** Starts it, and again whenever it ends. `extra` is for the first of these starts alone. */
  start(extra: Readonly<Record<string, string>> = {}): void {
    this.wanted = true;
    this.nextEnv = extra;
    if (!this.isRunning) this.launch();
  }

  /** False when there is no process at the moment. */
  signal(signal: NodeJS.Signals): boolean {
    return this.current?.kill(signal) ?? false;
  }

  /** Ends it by SIGKILL and keeps it down until start(). */
  async hold(): Promise<void> {
    this.wanted = false;
    this.signal('SIGKILL');
    await this.ended();
  }

  /** Ends it as an operator would. */
  async stop(): Promise<void> {
    this.wanted = false;
    await this.current?.stop();
  }

  async ended(): Promise<void> {
    await this.current?.exited;
  }

  /** Waits until a SIGSTOP has taken effect, or the process is gone. */
  async halted(timeout: number): Promise<boolean> {
    const state = () => (this.isRunning ? processState(this.pid) : 'gone');
    await waitFor(`a halt of ${this.name}`, () => ['T', 'gone'].includes(state()), { timeout }).catch(() => undefined);
    return state() === 'T';
  }

  private launch(): void {
    const output = openSync(this.logFile, 'a');
    this.current = spawnOwned(process.execPath, [MAIN], {
      cwd: root,
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...this.env, ...this.nextEnv },
      stdio: ['ignore', output, output],
      graceMs: STOP_MS,
    });
    closeSync(output);
    this.starts++;
    this.nextEnv = {};
    void this.restartWhenEnded(this.current);
  }

  private async restartWhenEnded(process: OwnedProcess): Promise<void> {
    await process.exited;
    await pause(this.restartDelayMs());
    if (this.wanted && this.current === process) this.launch();
  }
}

/** The letter of Linux for what a process does: T = stopped. */
function processState(pid: number): string {
  try {
    return /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
  } catch {
    return 'gone';
  }
}
