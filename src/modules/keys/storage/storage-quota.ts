import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ApiKeys } from '../api-keys.js';
import { StorageLimitError } from '../errors/storage-limit.error.js';
import { type StoredAndPending, StoredBytesRepository } from './stored-bytes.repository.js';

/**
 * Whether a key may store more. What a client asks to be stored is refused over the limit; what the server writes by itself
 * counts and is never refused: state snapshots, and the checkpoints and results of a fine-tuning job that has begun. Requests
 * of the same moment do not see each other, so together they may exceed the limit once.
 */
@Injectable()
export class StorageQuota {
  constructor(
    private readonly keys: ApiKeys,
    private readonly stored: StoredBytesRepository,
  ) {}

  /** @throws StorageLimitError where the owner may not store `bytes` more; without `bytes`, where it may store nothing more */
  async check(owner: string, bytes?: number): Promise<void> {
    const refusal = await this.refusal(owner, bytes);
    if (refusal !== null) throw refusal;
  }

  /** What `check` throws; null where it throws nothing. */
  async refusal(owner: string, bytes?: number): Promise<StorageLimitError | null> {
    const { storedBytes: limit } = await this.keys.limitsOf(owner);
    return limit === null ? null : judge(await this.stored.find(owner), limit, bytes);
  }

  /** As `check`, in a transaction. */
  async checkWithin(manager: EntityManager, owner: string, bytes?: number): Promise<void> {
    const { storedBytes: limit } = this.keys.knownLimitsOf(owner);
    const refusal = limit === null ? null : judge(await this.stored.findWithin(manager, owner), limit, bytes);
    if (refusal !== null) throw refusal;
  }
}

function judge(stored: StoredAndPending, limit: number, bytes = 1): StorageLimitError | null {
  const used = stored.checkpoints + stored.states + stored.files + stored.pending;
  return used + bytes > limit ? new StorageLimitError(stored, limit) : null;
}
