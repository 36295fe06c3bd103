import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ApiKeys, StorageQuota } from '../keys/index.js';
import { TooManyAdaptersError } from './errors/too-many-adapters.error.js';
import { type NewAdapter } from './new-adapter.js';
import { AdapterRepository } from './repositories/adapter.repository.js';

/** What a key may have of adapters. */
@Injectable()
export class AdapterQuota {
  constructor(
    private readonly keys: ApiKeys,
    private readonly storage: StorageQuota,
    private readonly adapters: AdapterRepository,
  ) {}

  /** After the row of a new adapter is inserted, in the same transaction. @throws TooManyAdaptersError, StorageLimitError */
  async check(owner: string, wanted: NewAdapter, manager: EntityManager): Promise<void> {
    const { adapters: limit } = this.keys.knownLimitsOf(owner);
    const isOver = limit !== null && (await this.adapters.countLive(owner, manager)) > limit;
    if (isOver) throw new TooManyAdaptersError(limit);
    if (wanted.ignoresStorageLimit === true) return;
    await this.storage.checkWithin(manager, owner, wanted.firstState?.sizeBytes);
  }
}
