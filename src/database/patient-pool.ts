import pg from 'pg';
import { DatabaseOutageError, isConnectionError } from '../common/errors/database-outage.error.js';

/** As long as a restart of Postgres with recovery takes; clients of the Tinker SDK hang up after 45 s. */
export const OUTAGE_PATIENCE_MS = 30_000;

const FIRST_PROBE_MS = 100;
const MAX_PROBE_MS = 1000;

type Acquired = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (error?: unknown) => void,
) => void;

/**
 * Connections for an application that outlives restarts of its database: whoever asks for one while the database is
 * away waits until it is back, at most OUTAGE_PATIENCE_MS. Nothing has been sent by then, so that waiting is right for
 * every statement and every transaction. Before the first connection it fails at once: a wrong address should show.
 */
export class PatientPool extends pg.Pool {
  private hasConnected = false;
  /** One probe for all that wait; false when the database is still away at its end. */
  private probing: Promise<boolean> | null = null;

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Acquired): void;
  override connect(callback?: Acquired): Promise<pg.PoolClient> | void {
    const acquired = this.acquire();
    if (callback === undefined) return acquired;
    acquired.then(
      (client) => callback(undefined, client, (error) => client.release(error as Error | undefined)),
      (error: Error) => callback(error, undefined, () => undefined),
    );
  }

  private async acquire(): Promise<pg.PoolClient> {
    const deadline = performance.now() + OUTAGE_PATIENCE_MS;
    for (;;) {
      try {
        const client = await super.connect();
        this.hasConnected = true;
        return client;
      } catch (error) {
        if (!this.hasConnected || !isConnectionError(error)) throw error;
        if (this.ending || !(await this.isBack(deadline))) throw new DatabaseOutageError(error);
      }
    }
  }

  private async isBack(deadline: number): Promise<boolean> {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return false;
    this.probing ??= this.probe().finally(() => (this.probing = null));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), leftMs)));
    return Promise.race([this.probing, late]).finally(() => clearTimeout(timer));
  }

  private async probe(): Promise<boolean> {
    const deadline = performance.now() + OUTAGE_PATIENCE_MS;
    for (let delayMs = FIRST_PROBE_MS; performance.now() < deadline; delayMs = Math.min(delayMs * 2, MAX_PROBE_MS)) {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      if (this.ending) return false;
      try {
        (await super.connect()).release();
        return true;
      } catch (error) {
        // Anything else is the asker's to see, at its own try.
        if (!isConnectionError(error)) return true;
      }
    }
    return false;
  }
}
