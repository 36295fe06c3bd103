export { ApiKeys } from './api-keys.js';
export { ApiKeyEntity } from './entities/api-key.entity.js';
export { UnauthorizedError } from './errors/key.errors.js';
export { isOpen, KeyGate } from './key-gate.js';
export { generateKey, hashKey, keyId } from './key-hash.js';
export { KeysModule } from './keys.module.js';
export { LinkSigner } from './link-signer.js';
export { type KeyDetails, type KeySource, OwnKey } from './own-key.js';
