import { createHash, randomBytes } from 'node:crypto';

/** A new key. The Tinker SDK takes only keys that begin with `tml-`. */
export function generateKey(): string {
  return `tml-${randomBytes(32).toString('base64url')}`;
}

export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** Id of a key and owner of what it makes. The same key has the same id, wherever it is configured. */
export function keyId(hash: string): string {
  return `key_${hash.slice(0, 16)}`;
}
