import { type EntityManager } from 'typeorm';
import { type AppConfig } from '../../config/app-config.js';
import { ConflictError, NotFoundError } from '../../common/errors/request.errors.js';
import { ApiKeyEntity } from './entities/api-key.entity.js';
import { hashKey, keyId } from './key-hash.js';

const ID = /^key_[0-9a-f]{16}$/;
const REMEDY = 'npm run keys -- list shows the existing keys.';

interface Search {
  /** Whether a key that is revoked, or of which only belongings are left, is found as well. */
  readonly mayBeGone: boolean;
  readonly config: AppConfig;
  readonly manager: EntityManager;
}

/**
 * The owner that a person means by the name or the id of a key.
 * @throws NotFoundError for none, ConflictError for several keys of the name
 */
export async function findOwner(wanted: string, { mayBeGone, config, manager }: Search): Promise<string> {
  const configured = [...config.apiKeys, ...config.adminKeys].map((key) => keyId(hashKey(key)));
  if (configured.includes(wanted)) return wanted;
  const keys = await manager.find(ApiKeyEntity, { order: { createdAt: 'ASC' } });
  const found = keys.filter(({ id, name, revokedAt }) => {
    return (id === wanted || name === wanted) && (mayBeGone || revokedAt === null);
  });
  if (found.length > 1) {
    const remedy = `Use its id: ${found.map(({ id }) => id).join(', ')}.`;
    throw new ConflictError(`There are ${found.length} keys named '${wanted}'. ${remedy}`, { remedy });
  }
  if (found[0]) return found[0].id;
  // Keys of API_KEYS and ADMIN_KEYS have no row; one that was removed there is known by its id alone.
  if (mayBeGone && ID.test(wanted)) return wanted;
  throw new NotFoundError(mayBeGone ? 'Key' : 'Active key', wanted, { remedy: REMEDY });
}

/** The names of owners that are keys of the database. */
export async function ownerNames(manager: EntityManager): Promise<ReadonlyMap<string, string>> {
  const keys = await manager.find(ApiKeyEntity, { select: { id: true, name: true } });
  return new Map(keys.map(({ id, name }) => [id, name]));
}
