import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, type Repository } from 'typeorm';
import { currentOwner, NO_OWNER } from '../../common/caller.js';
import { ApiKeys } from './api-keys.js';
import { ApiKeyEntity } from './entities/api-key.entity.js';
import { KeyNotRevocableError } from './errors/key.errors.js';
import { type KeyScope } from './scopes/key-scope.js';
import { tellProcesses } from './stored/key-records.js';

/** Where a key comes from: an operator's command, the settings of the server, or nowhere, as none is asked for. */
export type KeySource = 'made' | 'configured' | 'none';

export interface KeyDetails {
  /** Also the owner of what the key makes; empty where no key is asked for. */
  readonly id: string;
  /** As the operator named it; null for keys of the settings. */
  readonly name: string | null;
  readonly createdAt: Date | null;
  readonly expiresAt: Date | null;
  readonly scopes: readonly KeyScope[];
  readonly source: KeySource;
}

/** What the key of a request may know of itself, and its end. */
@Injectable()
export class OwnKey {
  private readonly logger = new Logger(OwnKey.name);

  constructor(
    private readonly keys: ApiKeys,
    @InjectRepository(ApiKeyEntity) private readonly rows: Repository<ApiKeyEntity>,
  ) {}

  async describe(): Promise<KeyDetails> {
    const id = currentOwner();
    const scopes = this.keys.scopesOf(id);
    if (id === NO_OWNER) return { id, name: null, createdAt: null, expiresAt: null, scopes, source: 'none' };
    const row = await this.rows.findOneBy({ id });
    const source = row && !this.keys.isConfigured(id) ? 'made' : 'configured';
    const expiresAt = source === 'made' ? (row?.expiresAt ?? null) : null;
    return { id, name: row?.name ?? null, createdAt: row?.createdAt ?? null, expiresAt, scopes, source };
  }

  /** Counts at once in this process, in others as soon as they are told. @throws KeyNotRevocableError */
  async revoke(): Promise<void> {
    const { id, source } = await this.describe();
    if (source !== 'made') throw new KeyNotRevocableError(source);
    await this.rows.update({ id, revokedAt: IsNull() }, { revokedAt: new Date() });
    this.keys.forget(id);
    await tellProcesses(this.rows.manager, id);
    this.logger.log(`${id} has revoked itself`);
  }
}
