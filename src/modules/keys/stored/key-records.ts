import { type EntityManager, IsNull } from 'typeorm';
import { NotFoundError } from '../../../common/errors/request.errors.js';
import { EVENT_CHANNELS } from '../../../events/event-bus.js';
import { ApiKeyEntity } from '../entities/api-key.entity.js';
import { generateKey, hashKey, keyId } from '../key-hash.js';
import { type OwnLimits } from '../limits/key-limits.js';
import { KEY_SCOPES, type KeyScope } from '../scopes/key-scope.js';

/* The keys of the database, for whoever administers them: operators by the API, or by `npm run keys` without a server. */

/** What an operator says of a new key. */
export interface NewKey {
  readonly name: string;
  /** All of them where it is left out. */
  readonly scopes?: readonly KeyScope[] | undefined;
  readonly expiresAt?: Date | null | undefined;
  readonly priority?: number | undefined;
  readonly limits?: OwnLimits | undefined;
}

/** What an operator may change of a key. */
export type KeyChange = Partial<NewKey>;

/** A key with its secret, which is stored nowhere. */
export interface CreatedKey {
  readonly record: ApiKeyEntity;
  readonly secret: string;
}

export async function createKey(manager: EntityManager, key: NewKey): Promise<CreatedKey> {
  const secret = generateKey();
  const hash = hashKey(secret);
  const { name, scopes = KEY_SCOPES, expiresAt = null, priority = 0, limits = {} } = key;
  const id = keyId(hash);
  await manager.insert(ApiKeyEntity, { id, name, hash, scopes: [...scopes], expiresAt, priority, limits });
  await tellProcesses(manager, id);
  return { record: await manager.findOneByOrFail(ApiKeyEntity, { id }), secret };
}

/** @throws NotFoundError for a key that does not exist or is revoked */
export async function changeKey(manager: EntityManager, id: string, change: KeyChange): Promise<ApiKeyEntity> {
  const { name, scopes, expiresAt, priority, limits } = change;
  const columns = {
    ...(name !== undefined && { name }),
    ...(scopes !== undefined && { scopes: [...scopes] }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(priority !== undefined && { priority }),
    ...(limits !== undefined && { limits }),
  };
  if (Object.keys(columns).length > 0) await update(manager, id, columns);
  return findKey(manager, id);
}

/** @throws NotFoundError for a key that does not exist or is revoked already */
export async function revokeKey(manager: EntityManager, id: string): Promise<void> {
  await update(manager, id, { revokedAt: new Date() });
}

/** @throws NotFoundError for a key that does not exist */
export async function findKey(manager: EntityManager, id: string): Promise<ApiKeyEntity> {
  const key = await manager.findOneBy(ApiKeyEntity, { id });
  if (key === null) throw missing('Key', id);
  return key;
}

/** Newest first, revoked ones too; those after the key `cursor` where it is given. */
export function listKeys(manager: EntityManager, limit: number, cursor?: string): Promise<ApiKeyEntity[]> {
  const query = manager.createQueryBuilder(ApiKeyEntity, 'key').orderBy('key.created_at', 'DESC');
  if (cursor !== undefined) {
    query.where(
      '(key.created_at, key.id) < (SELECT last.created_at, last.id FROM api_keys last WHERE last.id = :cursor)',
    );
  }
  return query.addOrderBy('key.id', 'DESC').setParameters({ cursor }).limit(limit).getMany();
}

async function update(manager: EntityManager, id: string, columns: Partial<ApiKeyEntity>): Promise<void> {
  const { affected } = await manager.update(ApiKeyEntity, { id, revokedAt: IsNull() }, columns);
  if (affected !== 1) throw missing('Active key', id);
  await tellProcesses(manager, id);
}

/** Makes every process read the keys again. One that misses this, as after a crash right here, notices within seconds. */
export async function tellProcesses(manager: EntityManager, id: string): Promise<void> {
  await manager.query('SELECT pg_notify($1, $2)', [EVENT_CHANNELS.apiKeyChanged, id]);
}

function missing(what: string, id: string): NotFoundError {
  return new NotFoundError(what, id, {
    field: 'key_id',
    remedy: 'GET /admin/keys or npm run keys -- list shows the existing keys.',
  });
}
