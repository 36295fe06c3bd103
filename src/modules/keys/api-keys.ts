import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type Repository } from 'typeorm';
import { NO_OWNER } from '../../common/caller.js';
import { isLoopback } from '../../common/http/access/host-names.js';
import { AppConfig } from '../../config/app-config.js';
import { whenDatabaseIsBack } from '../../database/outage.js';
import { ApiKeyEntity } from './entities/api-key.entity.js';
import { UnprotectedServerError } from './errors/key.errors.js';
import { hashKey, keyId } from './key-hash.js';
import { hintOfKeyless } from './owners/ownership.js';

/** A key that is made or revoked counts after this long at the latest. */
const REFRESH_MS = 5000;
/** A request waits this long for keys that are read again, which in an outage of the database takes long. */
const PATIENCE_MS = 1000;

/** Who sends a request. */
export interface Caller {
  readonly owner: string;
  /** May see what belongs to everybody: the queue's dashboard. */
  readonly isOperator: boolean;
}

/** Who may use the service: keys from API_KEYS, ADMIN_KEYS and the database. Where there never was one, everybody may. */
@Injectable()
export class ApiKeys {
  private readonly logger = new Logger(ApiKeys.name);
  private readonly configured: ReadonlySet<string>;
  private readonly operators: ReadonlySet<string>;
  private stored: ReadonlySet<string> = new Set();
  /** Also when all of them are revoked: to revoke the last key must not open the service to everybody. */
  private anyStored = false;
  private readonly forgotten = new Set<string>();
  private readAt = -Infinity;
  private reading: Promise<void> | null = null;

  constructor(
    private readonly config: AppConfig,
    @InjectRepository(ApiKeyEntity) private readonly rows: Repository<ApiKeyEntity>,
  ) {
    this.operators = new Set(config.adminKeys.map(hashKey));
    this.configured = new Set([...config.apiKeys.map(hashKey), ...this.operators]);
  }

  /** Whom the key stands for; null when it is missing or wrong though keys are asked for. */
  async callerOf(key: string | undefined): Promise<Caller | null> {
    if (!(await this.areAskedFor())) return { owner: NO_OWNER, isOperator: true };
    if (key === undefined) return null;
    const hash = hashKey(key);
    const owner = keyId(hash);
    const isStored = this.stored.has(hash) && !this.forgotten.has(owner);
    return isStored || this.configured.has(hash) ? { owner, isOperator: this.operators.has(hash) } : null;
  }

  /** @throws UnprotectedServerError when strangers could reach a server that asks for no key */
  async checkExposure(host: string): Promise<void> {
    if (isLoopback(host) || this.config.allowNoKeys) return;
    if (!(await this.areAskedFor())) throw new UnprotectedServerError(host);
  }

  /** Says at the start that what was made without keys is out of everybody's sight. */
  async warnOfKeyless(): Promise<void> {
    const hint = (await this.areAskedFor()) ? await hintOfKeyless(this.rows.manager) : null;
    if (hint !== null) this.logger.warn(hint);
  }

  /** Whether a request needs a key: where there never was one, none does. */
  async areAskedFor(): Promise<boolean> {
    await this.refresh();
    return this.configured.size > 0 || this.anyStored;
  }

  /** Whether this owner may still use the service: its key counts, or it has none and none is asked for. */
  async mayUse(owner: string): Promise<boolean> {
    if (!(await this.areAskedFor())) return owner === NO_OWNER;
    const counts = [...this.stored].some((hash) => keyId(hash) === owner) && !this.forgotten.has(owner);
    return counts || this.isConfigured(owner);
  }

  /** Whether the key of this id stands in API_KEYS or ADMIN_KEYS. */
  isConfigured(id: string): boolean {
    return [...this.configured].some((hash) => keyId(hash) === id);
  }

  /** Refuses a key that has just been revoked, whatever a look at the database that is under way may say. */
  forget(id: string): void {
    this.forgotten.add(id);
  }

  /** One query for all requests that ask at once. When the database fails, the keys known before still count. */
  private async refresh(): Promise<void> {
    if (performance.now() - this.readAt < REFRESH_MS) return;
    this.reading ??= this.read().finally(() => (this.reading = null));
    await (this.readAt === -Infinity ? this.reading : withinPatience(this.reading));
  }

  private async read(): Promise<void> {
    try {
      const select = { id: true, hash: true, revokedAt: true };
      const keys = await whenDatabaseIsBack(() => this.rows.find({ select }));
      this.stored = new Set(keys.filter(({ revokedAt }) => revokedAt === null).map(({ hash }) => hash));
      this.anyStored = keys.length > 0;
    } catch (error) {
      // Before the first answer nobody can tell whether keys are asked for.
      if (this.readAt === -Infinity) throw error;
      this.logger.warn(`Could not read the API keys; the previously read keys remain valid: ${String(error)}`);
    }
    this.readAt = performance.now();
  }
}

async function withinPatience(reading: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS)));
  await Promise.race([reading, late]).finally(() => clearTimeout(timer));
}
