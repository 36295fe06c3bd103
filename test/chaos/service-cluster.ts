import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import { type RunningPostgres, startPostgres } from '../../scripts/lib/embedded-postgres.mjs';
import { freePort } from '../../scripts/lib/owned-process.mjs';
import { type RunningRedis, startRedis } from '../../scripts/lib/redis.mjs';
import { IS_ALIVE } from '../../src/modules/workers/index.js';
import { pause } from '../support/pause.js';
import { SmallDisk } from '../support/servers/small-disk.js';
import { waitFor } from '../support/wait-for.js';
import { signalled } from './processes.js';
import { type SeededRandom } from './seeded-random.js';
import { ServiceProcess } from './service-process.js';

const READY_MS = 120_000;
/** Much more than the clients of a long run store; filling it must not take long. */
const DISK_MB = 256;

/** What workers compute with. */
export interface ClusterBackend {
  /** Settings of all processes. */
  readonly env: Readonly<Record<string, string>>;
  /** How many times longer than with the local backend its workers may take to start and to recover. */
  readonly patience: number;
}

export interface ClusterOptions {
  /** Everything lies in here: databases, checkpoints, logs. */
  readonly folder: string;
  /** Folder of the base model. */
  readonly model: string;
  readonly workers: number;
  readonly backend: ClusterBackend;
  readonly random: SeededRandom;
  /** Settings of all processes beyond the usual ones. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The whole service as in production: an API process, several workers, Postgres and Redis, each one its own process. */
export class ServiceCluster {
  private constructor(
    readonly url: string,
    readonly api: ServiceProcess,
    readonly workers: readonly ServiceProcess[],
    /** What DATA_DIR lies on. */
    readonly disk: SmallDisk,
    readonly patience: number,
    private readonly stores: { postgres: RunningPostgres; redis: RunningRedis },
  ) {}

  /** Where the service keeps checkpoints and snapshots. */
  get checkpointDir(): string {
    return path.join(this.disk.folder, 'checkpoints');
  }

  static async start({
    folder,
    model,
    workers,
    backend,
    random,
    env: more = {},
  }: ClusterOptions): Promise<ServiceCluster> {
    mkdirSync(folder, { recursive: true });
    const redis = await startRedis({ dataDir: path.join(folder, 'redis') });
    if (redis === null) throw new Error('needs redis-server on the PATH');
    const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres') });
    const disk = SmallDisk.make(dataDirIn(folder), DISK_MB);
    const port = await freePort();
    const shared = {
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      DATA_DIR: dataDirIn(folder),
      BASE_MODELS: model,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'log',
      NO_COLOR: '1',
      CHAOS_FOLDER: folder,
      ...backend.env,
    };
    const engine = { ENGINE_THREADS: '1', SNAPSHOT_INTERVAL_S: '6' };
    const make = (name: string, env: Record<string, string>) =>
      new ServiceProcess(name, { ...shared, ...disk.env, ...more, ...env }, path.join(folder, `${name}.log`), () =>
        random.whole(200, 700),
      );
    const api = make('api', { ROLE: 'api', PORT: String(port) });
    const names = Array.from({ length: workers }, (_, i) => `worker-${i + 1}`);
    const processes = names.map((name) => make(name, { ROLE: 'worker', PORT: '0', ...engine }));
    const url = `http://127.0.0.1:${port}`;
    const cluster = new ServiceCluster(url, api, processes, disk, backend.patience, { postgres, redis });
    for (const process of [api, ...processes]) process.start();
    await cluster.ready();
    return cluster;
  }

  /** Waits until a request sent now would be computed. */
  async ready(): Promise<void> {
    const answers = () =>
      fetch(`${this.url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await waitFor('a service that is ready', answers, { timeout: READY_MS * this.patience });
  }

  async query<Row extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.stores.postgres.url });
    client.on('error', () => undefined); // the query rejects as well
    await client.connect();
    try {
      return (await client.query<Row>(sql, parameters)).rows;
    } finally {
      await client.end();
    }
  }

  /** The lease of a dead worker may stay on an adapter that nobody needs, not on one with open requests. */
  async hasNoDeadHolders(): Promise<boolean> {
    const held = await this.query(
      `SELECT FROM adapters adapter WHERE worker_id IS NOT NULL
         AND NOT EXISTS (SELECT FROM workers worker WHERE worker.id = adapter.worker_id AND ${IS_ALIVE})
         AND EXISTS (SELECT FROM futures WHERE adapter_id = adapter.id AND status IN ('pending', 'running'))`,
    );
    return held.length === 0;
  }

  /** Ends the database at once, without a checkpoint, and starts it again: it recovers from its log. */
  async crashPostgres(): Promise<void> {
    await this.stores.postgres.crash();
    this.stores.postgres = await startPostgres({ dataDir: this.stores.postgres.dataDir, again: this.stores.postgres });
  }

  /** Ends one of its processes, as the kernel does when memory is short; the others restart and recover. */
  async killBackend(random: SeededRandom): Promise<boolean> {
    const pids = await this.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'thinker%' ORDER BY pid`,
    );
    return pids.length > 0 && process.kill(random.pick(pids).pid, 'SIGKILL');
  }

  /** Lets all its processes stand still: there is one for each connection, and none of them stops with the first. */
  async haltPostgres(ms: number): Promise<boolean> {
    const { pid: first, url } = this.stores.postgres;
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    const halted = [first];
    try {
      process.kill(first, 'SIGSTOP'); // before the others are counted, so that it makes no more of them
      const { rows } = await client.query<{ pid: number }>(
        'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
      );
      for (const { pid } of rows) if (signalled(pid, 'SIGSTOP')) halted.push(pid);
      await pause(ms);
      return true;
    } finally {
      for (const pid of halted) signalled(pid, 'SIGCONT');
      await client.end();
    }
  }

  async haltRedis(ms: number): Promise<void> {
    process.kill(this.stores.redis.pid, 'SIGSTOP');
    await pause(ms);
    process.kill(this.stores.redis.pid, 'SIGCONT');
  }

  async crashRedis(): Promise<void> {
    await this.stores.redis.crash();
    const again = await startRedis({
      dataDir: path.join(path.dirname(this.disk.folder), 'redis'),
      again: this.stores.redis,
    });
    if (again !== null) this.stores.redis = again;
  }

  /** Empties Redis: every job is lost. */
  async flushRedis(): Promise<void> {
    const { port, password } = new URL(this.stores.redis.url);
    const socket = connect(Number(port), '127.0.0.1');
    try {
      await new Promise<void>((resolve, reject) => {
        let reply = '';
        socket.once('error', reject);
        socket.on('data', (chunk) => {
          reply += chunk.toString();
          if (reply === '+OK\r\n+OK\r\n') resolve();
        });
        socket.write(`AUTH ${password}\r\nFLUSHALL\r\n`);
      });
    } finally {
      socket.destroy();
    }
  }

  /** How often a process was started beyond the first time. */
  get restarts(): number {
    return [this.api, ...this.workers].reduce((sum, { starts }) => sum + starts - 1, 0);
  }

  async stop(): Promise<void> {
    await Promise.all([this.api, ...this.workers].map((process) => process.stop()));
    await this.stores.redis.stop();
    await this.stores.postgres.stop();
    this.disk.remove();
  }
}

function dataDirIn(folder: string): string {
  return path.join(folder, 'data');
}
