import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type Readable } from 'node:stream';
import { type Logger } from '@nestjs/common';
import { childEnvironment } from '../../../config/environment/child-environment.js';
import { within } from '../../../common/concurrency/within.js';
import { freePort } from './free-port.js';

export interface LaunchOptions {
  readonly python: string;
  /** The folder of the package thinker_worker. */
  readonly program: string;
  readonly ranks: number;
  /** Where the ranks connect, and with what. */
  readonly url: string;
  readonly token: string;
  /** Name of this launch. */
  readonly run: string;
  readonly logger: Logger;
}

/** Last lines of a rank's output that are kept, to say why it ended. */
const KEPT_LINES = 20;
/** A rank that was told to stop ends within this time. */
const STOP_MS = 10_000;

interface Launched {
  readonly child: ChildProcess;
  readonly lines: string[];
  isRunning: boolean;
}

/**
 * Starts ranks on this machine, with the environment that torchrun gives them, each as the leader of a process group of its
 * own: killing these groups ends ranks with everything that they have started, even ones that are stopped. torchrun itself
 * would start a second Python, and its ranks outlive it when it is killed.
 */
export class RankLauncher {
  private launched: readonly Launched[] = [];
  /** Rejects when a rank ends; never resolves. */
  readonly failure: Promise<never>;
  private fail!: (error: Error) => void;
  private isStopping = false;
  private readonly kill = () => this.killAll();

  constructor(private readonly options: LaunchOptions) {
    this.failure = new Promise((_, reject) => (this.fail = reject));
    this.failure.catch(() => undefined);
  }

  async launch(): Promise<void> {
    const port = await freePort();
    // However this thread ends, the ranks end with it.
    process.once('exit', this.kill);
    this.launched = Array.from({ length: this.options.ranks }, (_, rank) => this.spawn(rank, port));
  }

  /** Waits for ranks that are ending, and kills those that do not. */
  async stop(): Promise<void> {
    this.isStopping = true;
    process.removeListener('exit', this.kill);
    const ends = this.launched.filter(({ isRunning }) => isRunning).map(({ child }) => once(child, 'exit'));
    await within(STOP_MS, Promise.all(ends));
    this.killAll();
  }

  killAll(): void {
    this.isStopping = true;
    for (const { child } of this.launched) {
      if (child.pid === undefined) continue;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // The whole group is gone already.
      }
    }
  }

  private spawn(rank: number, port: number): Launched {
    const { python, program, ranks, url, token, run } = this.options;
    const child = spawn(python, ['-u', '-m', 'thinker_worker'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: childEnvironment({
        PYTHONPATH: program,
        THINKER_CONTROL_URL: url,
        THINKER_CONTROL_TOKEN: token,
        TORCHELASTIC_RUN_ID: run,
        TORCHELASTIC_RESTART_COUNT: '0',
        RANK: `${rank}`,
        LOCAL_RANK: `${rank}`,
        WORLD_SIZE: `${ranks}`,
        LOCAL_WORLD_SIZE: `${ranks}`,
        MASTER_ADDR: '127.0.0.1',
        MASTER_PORT: `${port}`,
      }),
    });
    const launched: Launched = { child, lines: [], isRunning: true };
    for (const stream of [child.stdout, child.stderr]) this.follow(rank, stream, launched.lines);
    child.once('error', (error) => this.fail(error));
    child.once('close', (code, signal) => {
      launched.isRunning = false;
      const how = signal === null ? `with code ${code}` : `by ${signal}`;
      if (!this.isStopping) this.options.logger.warn(`Rank ${rank} has ended ${how}`);
      this.fail(new Error([`rank ${rank} ended ${how}`, ...launched.lines].join('\n  ')));
    });
    return launched;
  }

  /** Puts what a rank writes into the log, line by line. */
  private follow(rank: number, stream: Readable, kept: string[]): void {
    createInterface({ input: stream }).on('line', (line) => {
      this.options.logger.log(`rank ${rank}: ${line}`);
      kept.push(line);
      if (kept.length > KEPT_LINES) kept.shift();
    });
  }
}
