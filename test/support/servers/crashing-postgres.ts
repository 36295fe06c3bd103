import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type RunningPostgres, startPostgres } from '../../../scripts/lib/embedded-postgres.mjs';

/** A server that crashes (pg_ctl's immediate shutdown) and starts again; it is durable, so what was committed stays. */
export class CrashingPostgres {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'thinker-outage-'));
  private running: RunningPostgres | undefined;

  async start(): Promise<string> {
    chmodSync(this.folder, 0o711); // for root, Postgres runs as another account
    const options = { dataDir: path.join(this.folder, 'postgres'), again: this.running };
    this.running = await startPostgres(options);
    return this.running.url;
  }

  async crash(): Promise<void> {
    await this.running?.crash();
  }

  async remove(): Promise<void> {
    await this.running?.stop();
    if (this.running) rmSync(this.running.dataDir, { recursive: true, force: true });
    rmSync(this.folder, { recursive: true, force: true });
  }
}
