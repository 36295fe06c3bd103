import { randomInt } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Client } from 'pg';
import { AppConfig } from '../../../config/app-config.js';
import { ADVISORY_LOCKS } from '../../../database/advisory-locks.js';

const QUERY_TIMEOUT_MS = 5000;
/** Others need about this long to say after an outage that they live, too. */
const STEADY_MS = 2000;
const MAX_INT4 = 2 ** 31 - 1;

/**
 * The database connection by which a worker shows that it lives: it holds an advisory lock, which Postgres frees when
 * the process ends, however it ends. A lost connection is opened again at the next use, with another lock.
 */
@Injectable()
export class WorkerConnection {
  private readonly logger = new Logger(WorkerConnection.name);
  private open: { readonly client: Client; readonly lockKey: number; readonly since: number } | null = null;
  private opening: Promise<void> | null = null;

  constructor(private readonly config: AppConfig) {}

  /** Has it stood long enough that a worker without a sign of life is not just slower to come back? */
  get isSteady(): boolean {
    return this.open !== null && performance.now() - this.open.since > STEADY_MS;
  }

  /** The second half of the lock's key. */
  async lockKey(): Promise<number> {
    return (await this.connection()).lockKey;
  }

  /** Fails when the database is out of reach. */
  async query<Row extends object>(text: string, parameters: readonly unknown[]): Promise<Row[]> {
    const { client } = await this.connection();
    return (await client.query<Row>(text, [...parameters])).rows;
  }

  async close(): Promise<void> {
    const { open } = this;
    this.open = null;
    await open?.client.end().catch(() => undefined);
  }

  private async connection(): Promise<{ client: Client; lockKey: number }> {
    if (this.open === null) {
      this.opening ??= this.connect().finally(() => (this.opening = null));
      await this.opening;
    }
    if (this.open === null) throw new Error('the connection was closed');
    return this.open;
  }

  private async connect(): Promise<void> {
    const client = new Client({
      connectionString: this.config.databaseUrl,
      application_name: 'thinker worker',
      keepAlive: true,
      connectionTimeoutMillis: QUERY_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
    });
    client.on('error', (error) => this.lost(client, error.message));
    client.on('end', () => this.lost(client, 'it was closed'));
    const lockKey = randomInt(MAX_INT4);
    try {
      await client.connect();
      await client.query('SELECT pg_advisory_lock($1, $2)', [ADVISORY_LOCKS.worker, lockKey]);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    this.open = { client, lockKey, since: performance.now() };
  }

  private lost(client: Client, reason: string): void {
    if (this.open?.client !== client) return;
    this.open = null;
    this.logger.warn(`Lost the worker's connection to Postgres: ${reason}`);
    void client.end().catch(() => undefined);
  }
}
