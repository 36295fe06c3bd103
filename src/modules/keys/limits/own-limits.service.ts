import { Injectable } from '@nestjs/common';
import { currentOwner } from '../../../common/caller.js';
import { UNSETTLED } from '../../../database/unsettled.js';
import { ApiKeys } from '../api-keys.js';
import { hasWindows, reachedLimit, WINDOW_LIMITS, type WindowUse } from './key-limits.js';
import { StoredBytesRepository } from '../storage/stored-bytes.repository.js';
import { KeyWindowsRepository } from './key-windows.repository.js';

/** A limit of the caller, and what is used of it. */
export interface LimitUse {
  readonly name: string;
  readonly allowed: number;
  readonly used: number;
  /** Null: it does not come back with time. */
  readonly resetsAt: Date | null;
}

/** What the caller may use, and has used. */
@Injectable()
export class OwnLimits {
  constructor(
    private readonly keys: ApiKeys,
    private readonly windows: KeyWindowsRepository,
    private readonly stored: StoredBytesRepository,
  ) {}

  /** The limit for which requests of the caller are refused at the moment. */
  async reached(): Promise<WindowUse | undefined> {
    const owner = currentOwner();
    const limits = await this.keys.limitsOf(owner);
    return hasWindows(limits) ? reachedLimit(await this.windows.find(owner, limits)) : undefined;
  }

  async list(): Promise<LimitUse[]> {
    const owner = currentOwner();
    const limits = await this.keys.limitsOf(owner);
    const uses = await this.windows.find(owner, limits);
    const [counts]: [{ open: number; adapters: number }] = await this.stored.manager.query(
      `SELECT (SELECT count(*)::int FROM futures WHERE owner = $1 AND status IN ${UNSETTLED}) AS open,
              (SELECT count(*)::int FROM adapters WHERE owner = $1 AND deleted_at IS NULL) AS adapters`,
      [owner],
    );
    const standing = (name: string, allowed: number | null, used: number): LimitUse[] =>
      allowed === null ? [] : [{ name, allowed, used, resetsAt: null }];
    return [
      ...uses.map(({ limit, allowed, used, resetsAt }) => ({ name: WINDOW_LIMITS[limit], allowed, used, resetsAt })),
      ...standing('concurrent_operations', limits.concurrentOperations, counts.open),
      ...standing('adapters', limits.adapters, counts.adapters),
      ...standing('stored_bytes', limits.storedBytes, limits.storedBytes === null ? 0 : await this.storedBytes(owner)),
    ];
  }

  private async storedBytes(owner: string): Promise<number> {
    const { checkpoints, states, files } = await this.stored.find(owner);
    return checkpoints + states + files;
  }
}
