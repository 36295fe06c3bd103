import { Injectable, Logger } from '@nestjs/common';
import { InjectEntityManager } from '@nestjs/typeorm';
import { EntityManager } from 'typeorm';
import { currentOwner } from '../../../common/caller.js';
import { invalid } from '../../../common/json/json-fields.js';
import { AppConfig } from '../../../config/app-config.js';
import { ApiKeys } from '../api-keys.js';
import { type ApiKeyEntity } from '../entities/api-key.entity.js';
import { NobodyLeftInError } from '../errors/nobody-left-in.error.js';
import {
  changeKey,
  type CreatedKey,
  createKey,
  findKey,
  type KeyChange,
  listKeys,
  type NewKey,
  revokeKey,
} from '../stored/key-records.js';

/** The keys of the database as operators administer them. A change counts at once, in other processes as soon as they are told. */
@Injectable()
export class KeyAdministrationService {
  private readonly logger = new Logger(KeyAdministrationService.name);

  constructor(
    private readonly keys: ApiKeys,
    private readonly config: AppConfig,
    @InjectEntityManager() private readonly manager: EntityManager,
  ) {}

  /** @throws NobodyLeftInError where the first key would end everybody's access to these routes, the caller's too */
  async create(key: NewKey): Promise<CreatedKey> {
    if (this.config.adminKeys.length === 0 && !(await this.keys.areAskedFor())) throw new NobodyLeftInError();
    checkExpiry(key.expiresAt);
    const created = await createKey(this.manager, key);
    await this.applied(created.record.id, 'created');
    return created;
  }

  /** Newest first. */
  list(limit: number, cursor?: string): Promise<ApiKeyEntity[]> {
    return listKeys(this.manager, limit, cursor);
  }

  get(id: string): Promise<ApiKeyEntity> {
    return findKey(this.manager, id);
  }

  async change(id: string, change: KeyChange): Promise<ApiKeyEntity> {
    checkExpiry(change.expiresAt);
    const changed = await changeKey(this.manager, id, change);
    await this.applied(id, 'changed');
    return changed;
  }

  async revoke(id: string): Promise<void> {
    await revokeKey(this.manager, id);
    this.keys.forget(id);
    await this.applied(id, 'revoked');
  }

  private async applied(id: string, what: string): Promise<void> {
    await this.keys.reload();
    this.logger.log(`${id} was ${what} by operator ${currentOwner() || '(no key required)'}`);
  }
}

function checkExpiry(expiresAt: Date | null | undefined): void {
  if (expiresAt && expiresAt.getTime() <= Date.now()) {
    throw invalid('expires_at', 'has passed.', 'Pass a time to come, or null for a key that does not expire.');
  }
}
