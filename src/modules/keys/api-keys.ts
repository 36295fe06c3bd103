import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, type Repository } from 'typeorm';
import { NO_OWNER } from '../../common/caller.js';
import { AppConfig } from '../../config/app-config.js';
import { ApiKeyEntity } from './entities/api-key.entity.js';
import { UnprotectedServerError } from './errors/key.errors.js';
import { hashKey, keyId } from './key-hash.js';

/** A key that is made or revoked counts after this long at the latest. */
const REFRESH_MS = 5000;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

/** Who may use the service: keys from API_KEYS and from the database. With neither, everybody may. */
@Injectable()
export class ApiKeys {
  private readonly logger = new Logger(ApiKeys.name);
  private readonly configured: ReadonlySet<string>;
  private stored: ReadonlySet<string> = new Set();
  private readAt = -Infinity;
  private reading: Promise<void> | null = null;

  constructor(
    private readonly config: AppConfig,
    @InjectRepository(ApiKeyEntity) private readonly rows: Repository<ApiKeyEntity>,
  ) {
    this.configured = new Set(config.apiKeys.map(hashKey));
  }

  /** The owner that the key stands for; null when it is missing or wrong though keys are asked for. */
  async ownerOf(key: string | undefined): Promise<string | null> {
    await this.refresh();
    if (this.configured.size + this.stored.size === 0) return NO_OWNER;
    if (key === undefined) return null;
    const hash = hashKey(key);
    return this.configured.has(hash) || this.stored.has(hash) ? keyId(hash) : null;
  }

  /** @throws UnprotectedServerError when strangers could reach a server that asks for no key */
  async checkExposure(host: string): Promise<void> {
    if (LOOPBACK.test(host) || this.config.allowNoKeys) return;
    await this.refresh();
    if (this.configured.size + this.stored.size === 0) throw new UnprotectedServerError(host);
  }

  /** One query for all requests that ask at once. When the database fails, the keys known before still count. */
  private async refresh(): Promise<void> {
    if (performance.now() - this.readAt < REFRESH_MS) return;
    this.reading ??= this.read().finally(() => (this.reading = null));
    await this.reading;
  }

  private async read(): Promise<void> {
    try {
      const keys = await this.rows.find({ where: { revokedAt: IsNull() }, select: { hash: true } });
      this.stored = new Set(keys.map(({ hash }) => hash));
    } catch (error) {
      // Before the first answer nobody can tell whether keys are asked for.
      if (this.readAt === -Infinity) throw error;
      this.logger.warn(`Could not read the API keys, those read before still count: ${String(error)}`);
    }
    this.readAt = performance.now();
  }
}
