/** The service as in production: an API process and workers that can be killed, with a Postgres and a Redis of their own. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { pollFor } from '../../../scripts/lib/owned-process.mjs';
import { StopStack } from '../../../scripts/lib/stop-stack.mjs';
import { temporaryFolder } from '../../../scripts/lib/temporary-folder.mjs';
import { tinyModel } from '../paths.mjs';
import { Client, startDatabases, startProcess, startServer } from '../service.mjs';
import { withDatabase } from './database.mjs';

const READY_TIMEOUT_MS = 60_000;

/** Calls `work` with the cluster. */
export async function withCluster(workers, work) {
  const stack = new StopStack();
  const folder = temporaryFolder('thinker-bench-');
  stack.push('the folder', () => rmSync(folder, { recursive: true, force: true }));
  try {
    const databases = await startDatabases(folder, stack);
    const settings = { ...databases, DATA_DIR: path.join(folder, 'data'), BASE_MODELS: tinyModel };
    const { url } = await startServer(folder, stack, { ...settings, ROLE: 'api' });
    return await withDatabase(databases.DATABASE_URL, async (query) => {
      const cluster = new Cluster(new Client(url), query, { folder, settings });
      stack.push('the workers', () => cluster.stopWorkers());
      await Promise.all(Array.from({ length: workers }, () => cluster.startWorker()));
      return await work(cluster);
    });
  } finally {
    await stack.stopAll(console.error);
  }
}

class Cluster {
  client;
  #query;
  #options;
  #workers = new Map();

  constructor(client, query, options) {
    this.client = client;
    this.#query = query;
    this.#options = options;
  }

  /** Resolves when it takes part. */
  async startWorker() {
    const { folder, settings } = this.#options;
    const env = { ...settings, ROLE: 'worker', PORT: '0', ENGINE_THREADS: '1' };
    const worker = startProcess({ log: path.join(folder, `worker-${this.#workers.size}.log`), env });
    this.#workers.set(worker.pid, worker);
    const isThere = async () => (await this.#query('SELECT FROM workers WHERE pid = $1', [worker.pid])).length > 0;
    const ready = await pollFor(isThere, { timeoutMs: READY_TIMEOUT_MS });
    if (!ready) throw new Error('A worker did not get ready.');
  }

  /** Ends it as a crash would. */
  async kill(pid) {
    const worker = this.#workers.get(pid);
    worker.kill('SIGKILL');
    await worker.exited;
  }

  /** Names of the adapters that each worker has, by its process id; the one with most comes first. */
  async holdings() {
    const rows = await this.#query(
      `SELECT worker.pid, array_agg(adapter.model_id) AS adapters
       FROM adapters adapter JOIN workers worker ON worker.id = adapter.worker_id
       GROUP BY worker.pid ORDER BY count(*) DESC, worker.pid`,
    );
    return rows.filter(({ pid }) => this.#workers.get(pid)?.isRunning());
  }

  async stopWorkers() {
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
  }
}
