import { Injectable, Logger } from '@nestjs/common';
import { Client } from 'pg';
import { AppConfig } from '../../config/app-config.js';
import { ADVISORY_LOCKS } from '../../database/advisory-locks.js';

const RETRY_MS = 500;
const CHECK_TIMEOUT_MS = 5000;

/**
 * The right to compute: an advisory lock that one worker holds on a connection of its own. Postgres gives it to the
 * next one as soon as that connection ends, however the process ended.
 */
@Injectable()
export class ComputeLock {
  private readonly logger = new Logger(ComputeLock.name);
  private client: Client | null = null;
  private onLost: () => void = () => undefined;

  constructor(private readonly config: AppConfig) {}

  /**
   * Waits until the lock is ours, or until the signal aborts (false). `onLost` is called once when the connection that
   * holds it ends.
   */
  async acquire(onLost: () => void, signal: AbortSignal): Promise<boolean> {
    let told = false;
    while (!signal.aborted) {
      try {
        const client = await this.connect();
        const locked = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [
          ADVISORY_LOCKS.compute,
        ]);
        if (locked.rows[0]?.locked === true) {
          this.onLost = onLost;
          return true;
        }
        if (!told) this.logger.log('Another worker computes; this one stands by and takes over when it is gone');
        told = true;
      } catch (error) {
        this.logger.warn(`Could not ask for the compute lock, trying again: ${String(error)}`);
      }
      await pause(RETRY_MS, signal);
    }
    return false;
  }

  /** Notices a connection that died without a word. */
  async check(): Promise<void> {
    const client = this.client;
    try {
      await client?.query('SELECT 1');
    } catch (error) {
      if (client !== null) this.lost(client, String(error));
    }
  }

  async release(): Promise<void> {
    this.onLost = () => undefined;
    const client = this.client;
    this.client = null;
    await client?.end().catch(() => undefined);
  }

  private async connect(): Promise<Client> {
    if (this.client !== null) return this.client;
    const client = new Client({
      connectionString: this.config.databaseUrl,
      application_name: 'thinker compute lock',
      keepAlive: true,
      query_timeout: CHECK_TIMEOUT_MS,
    });
    client.on('error', (error) => this.lost(client, error.message));
    client.on('end', () => this.lost(client, 'the connection was closed'));
    await client.connect();
    this.client = client;
    return client;
  }

  private lost(client: Client, reason: string): void {
    if (this.client !== client) return;
    this.client = null;
    this.logger.warn(`Lost the connection that holds the compute lock: ${reason}`);
    void client.end().catch(() => undefined);
    const onLost = this.onLost;
    this.onLost = () => undefined;
    onLost();
  }
}

/** Ends early when the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
