import { Injectable } from '@nestjs/common';
import { CheckpointStore } from './checkpoint-store.js';

/** Whether checkpoints can be written at the moment. */
export interface StorageCondition {
  readonly writable: boolean;
  /** Null where the store does not know. */
  readonly freeBytes: number | null;
  /** Why it is not writable. */
  readonly message?: string;
}

/** A try writes and syncs a file, and anybody may ask. */
const KEPT_MS = 5000;

@Injectable()
export class StorageCheck {
  private latest: Promise<StorageCondition> | null = null;
  private triedAt = 0;

  constructor(private readonly store: CheckpointStore) {}

  /** The condition, found out at most every few seconds. */
  condition(): Promise<StorageCondition> {
    const now = performance.now();
    if (this.latest === null || now - this.triedAt > KEPT_MS) {
      this.triedAt = now;
      this.latest = this.find();
    }
    return this.latest;
  }

  private async find(): Promise<StorageCondition> {
    const freeBytes = await this.store.freeBytes();
    try {
      await this.store.checkWritable();
      return { writable: true, freeBytes };
    } catch (error) {
      return { writable: false, freeBytes, message: error instanceof Error ? error.message : String(error) };
    }
  }
}
