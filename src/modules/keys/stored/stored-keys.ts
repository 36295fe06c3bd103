import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type Repository } from 'typeorm';
import { within } from '../../../common/concurrency/within.js';
import { whenDatabaseIsBack } from '../../../database/outage.js';
import { EVENT_CHANNELS, EventBus } from '../../../events/event-bus.js';
import { ApiKeyEntity } from '../entities/api-key.entity.js';

/** A change that no event tells of, as while the connection for events is lost, counts after this long at the latest. */
const REFRESH_MS = 5000;
/** Unknown keys cost at most one query in this time, however many requests have one. */
const UNKNOWN_MS = 1000;
/** A request waits this long for keys that are read again, which in an outage of the database takes long. */
const PATIENCE_MS = 1000;

/** A key of the database that is not revoked; it may have expired. */
export type StoredKey = Pick<ApiKeyEntity, 'id' | 'hash' | 'scopes' | 'expiresAt' | 'limits'>;

/**
 * The keys of the database as this process knows them. All are read again when one was changed, in whatever process, and
 * when a request has an unknown one. When the database fails, the keys known before still count.
 */
@Injectable()
export class StoredKeys implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(StoredKeys.name);
  private byId: ReadonlyMap<string, StoredKey> = new Map();
  private readonly forgotten = new Set<string>();
  private any = false;
  private readAt = -Infinity;
  private readForUnknownAt = -Infinity;
  private reading: Promise<void> | null = null;
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly events: EventBus,
    @InjectRepository(ApiKeyEntity) private readonly rows: Pick<Repository<ApiKeyEntity>, 'find'>,
  ) {}

  onModuleInit(): void {
    // `read` fails only while no keys are known; then the next request reads them.
    const readAgain = (): void => void this.reload().catch(() => undefined);
    this.unsubscribe = this.events.subscribe(EVENT_CHANNELS.apiKeyChanged, { onEvent: readAgain, onGap: readAgain });
  }

  onModuleDestroy(): void {
    this.unsubscribe?.();
  }

  /** Whether there ever was a key: to revoke the last one must not open the service to everybody. */
  async areThereAny(): Promise<boolean> {
    await this.refresh();
    return this.any;
  }

  /** The key of this id, if it counts. One that is not known may have been made a moment ago. */
  async find(id: string): Promise<StoredKey | undefined> {
    await this.refresh();
    if (!this.byId.has(id)) await this.readForUnknown();
    return this.current(id);
  }

  /** The same by what is known. */
  current(id: string): StoredKey | undefined {
    const key = this.known(id);
    if (key === undefined || this.forgotten.has(id)) return undefined;
    return key.expiresAt !== null && key.expiresAt.getTime() <= Date.now() ? undefined : key;
  }

  /** By what is known, also of one that has expired. */
  known(id: string): StoredKey | undefined {
    return this.byId.get(id);
  }

  /** Refuses a key that has just been revoked, whatever a look at the database that is under way may say. */
  forget(id: string): void {
    this.forgotten.add(id);
  }

  /** One query for all requests that ask at once. */
  async refresh(): Promise<void> {
    if (performance.now() - this.readAt < REFRESH_MS) return;
    const reading = this.readOnce();
    await (this.readAt === -Infinity ? reading : within(PATIENCE_MS, reading));
  }

  /** Reads the keys once more: a look that is under way may have been too early. */
  async reload(): Promise<void> {
    await this.reading;
    await this.readOnce();
  }

  /** Waits for a look that begins now; where there was one a moment ago, at most for one that is under way. */
  private async readForUnknown(): Promise<void> {
    const isTooSoon = performance.now() - this.readForUnknownAt < UNKNOWN_MS;
    if (!isTooSoon) this.readForUnknownAt = performance.now();
    await within(PATIENCE_MS, isTooSoon ? (this.reading ?? Promise.resolve()) : this.reload());
  }

  private readOnce(): Promise<void> {
    this.reading ??= this.read().finally(() => (this.reading = null));
    return this.reading;
  }

  private async read(): Promise<void> {
    try {
      const select = { id: true, hash: true, revokedAt: true, scopes: true, expiresAt: true, limits: true };
      const keys = await whenDatabaseIsBack(() => this.rows.find({ select }));
      this.byId = new Map(keys.filter(({ revokedAt }) => revokedAt === null).map((key) => [key.id, key]));
      this.any = keys.length > 0;
    } catch (error) {
      // Before the first answer nobody can tell whether keys are asked for.
      if (this.readAt === -Infinity) throw error;
      this.logger.warn(`Could not read the API keys; the previously read keys remain valid: ${String(error)}`);
    }
    this.readAt = performance.now();
  }
}
