import { Injectable } from '@nestjs/common';
import { PeriodicWork } from '../../common/periodic/periodic-work.js';
import { FileStore } from '../../storage/file-store.js';
import { FileRepository } from './repositories/file.repository.js';

const EXPIRY_MS = 60_000;
const EXPIRED_AT_ONCE = 500;
const HOUR_MS = 3_600_000;

/**
 * Deletes files whose time is over, and folders that no row names: a process that dies between the bytes and the row
 * leaves one. Until an expired file is deleted nobody sees it.
 */
@Injectable()
export class FileCleanup extends PeriodicWork {
  protected readonly tasks = [
    this.task({ purpose: 'delete expired files', intervalMs: EXPIRY_MS }, () => this.deleteExpired()),
    this.task({ purpose: 'delete files without a row', intervalMs: HOUR_MS, runsAtStart: true }, () =>
      this.deleteOrphans(),
    ),
  ];

  constructor(
    private readonly store: FileStore,
    private readonly rows: FileRepository,
  ) {
    super();
  }

  /** A crash after the rows are gone leaves orphans. */
  async deleteExpired(): Promise<void> {
    let ids: string[];
    do {
      ids = await this.rows.deleteExpired(EXPIRED_AT_ONCE);
      for (const id of ids) await this.store.delete(id);
    } while (ids.length === EXPIRED_AT_ONCE);
  }

  /** A young folder may be one whose rows are being checked. */
  async deleteOrphans(): Promise<void> {
    await this.store.deleteAbandoned();
    const old = (await this.store.folders()).filter(({ writtenAt }) => Date.now() - writtenAt.getTime() > HOUR_MS);
    if (old.length === 0) return;
    const named = await this.rows.findExisting(old.map(({ name }) => name));
    for (const { name } of old) {
      if (named.has(name)) continue;
      await this.store.delete(name);
      this.logger.log(`Deleted orphaned file ${name}`);
    }
  }
}
