import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Whose request is being handled. Set once per request by the key gate, so that no service hands it on by hand and
 * none can forget to; the API's services read it, handlers in the worker never do (an operation belongs to its row's
 * owner).
 */
const storage = new AsyncLocalStorage<string>();

/** Owner of everything while no API key is configured. */
export const NO_OWNER = '';

/** The owner of what this request makes, and the only one whose things it sees. */
export function currentOwner(): string {
  return storage.getStore() ?? NO_OWNER;
}

export function runAs<T>(owner: string, work: () => T): T {
  return storage.run(owner, work);
}
