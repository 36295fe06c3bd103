import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../../scripts/lib/owned-process.mjs';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.js';
import { waitFor } from '../../support/wait-for.js';
import { ApiClient } from './client.js';

const root = path.join(import.meta.dirname, '..', '..', '..');
const MAIN = path.join(root, 'dist', 'src', 'main.js');
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;

export interface ServerOptions {
  /** Folders of base models; the bundled one when left out. */
  readonly baseModels?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where it tells that it can serve; /readyz when left out, which needs a worker. */
  readonly ready?: 'healthz' | 'readyz';
  /** Another process of the same service: it shares that one's database and data folder, and outlives neither. */
  readonly joins?: TestServer;
  /** Fills the database and the data folder before the first start. */
  readonly prepare?: (database: TestDatabase, folder: string) => Promise<void>;
}

/** The built service as a child process, with a database and a data folder of its own and the queue inside. */
export class TestServer {
  private child: ChildProcess | null = null;
  private output = '';

  private constructor(
    readonly api: ApiClient,
    readonly database: TestDatabase,
    readonly folder: string,
    private readonly env: Readonly<Record<string, string>>,
    private readonly ownsData: boolean,
  ) {}

  static async start(options: ServerOptions = {}): Promise<TestServer> {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build" first`);
    const { joins } = options;
    const database = joins?.database ?? (await createTestDatabase());
    const folder = joins?.folder ?? mkdtempSync(path.join(tmpdir(), 'thinker-e2e-'));
    await options.prepare?.(database, folder);
    const port = await freePort();
    const baseModels = options.baseModels ?? [path.join('models', 'tiny-chat')];
    const env = {
      PORT: String(port),
      HOST: '127.0.0.1',
      ROLE: 'all',
      DATABASE_URL: database.url,
      REDIS_URL: '',
      DATA_DIR: folder,
      BASE_MODELS: baseModels.map((model) => path.resolve(root, model)).join(','),
      ENGINE: 'onnxruntime',
      ENGINE_THREADS: '1',
      LOG_LEVEL: 'warn',
      ...options.env,
    };
    const server = new TestServer(new ApiClient(`http://127.0.0.1:${port}`), database, folder, env, !joins);
    await server.launch(options.ready);
    return server;
  }

  /** Starts the process and waits until it can serve. */
  async launch(probe: 'healthz' | 'readyz' = 'readyz'): Promise<void> {
    const child = spawn(process.execPath, ['--enable-source-maps', MAIN], {
      cwd: root,
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    const ready = async (): Promise<boolean> => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${this.output}`);
      return fetch(`${this.api.url}/${probe}`).then(
        (answer) => answer.ok,
        () => false,
      );
    };
    await waitFor('a server that is ready', ready, { timeout: START_TIMEOUT_MS }).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw new Error(`the server did not start:\n${this.output}`, { cause: error });
    });
  }

  /** Ends the process; 'SIGKILL' leaves it no time to write anything. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.child;
    this.child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
    await waitFor('the end of the server', ended, { timeout: STOP_TIMEOUT_MS }).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw new Error(`the server did not end:\n${this.output}`, { cause: error });
    });
  }

  /** Of the process that was started last; 0 when there is none. */
  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Whether the process that was started last still runs. */
  get isRunning(): boolean {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Whether there is anything at this path below the data folder. */
  hasFiles(relative: string): boolean {
    return existsSync(path.join(this.folder, relative));
  }

  /** Names in a folder below the data folder. */
  listFiles(relative: string): string[] {
    return readdirSync(path.join(this.folder, relative));
  }

  /** Everything the process printed. */
  get log(): string {
    return this.output;
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
    if (!this.ownsData) return;
    await this.database.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
