import { AsyncLocalStorage } from 'node:async_hooks';

/** When the caller of the request that is being handled stops waiting, by performance.now(). */
const storage = new AsyncLocalStorage<number>();

/** The moment from which on the request's answer is of no use, by performance.now(); Infinity when it named none. */
export function currentDeadline(): number {
  return storage.getStore() ?? Infinity;
}

export function runUntil<T>(deadline: number, work: () => T): T {
  return storage.run(deadline, work);
}
