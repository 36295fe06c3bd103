import { AsyncLocalStorage } from 'node:async_hooks';
import { currentOwner, NO_OWNER } from '../caller.js';

/** What a line of the log belongs to; shown in JSON logs. Ids only: nothing of what a request contains. */
export interface LogContext {
  /** Of the HTTP request: the client's X-Request-Id, or one made for it. */
  readonly requestId?: string;
  /** Of the operation that is accepted or run. */
  readonly operationId?: string;
  /** Of the API key. */
  readonly owner?: string;
}

const storage = new AsyncLocalStorage<{ context: LogContext }>();

/** Lines that are logged meanwhile, also by what is started meanwhile, belong to this. */
export function runLogged<T>(context: LogContext, work: () => T): T {
  return storage.run({ context: { ...storage.getStore()?.context, ...context } }, work);
}

/** More is known of what the lines belong to, from here to the end of the surrounding `runLogged`. */
export function addToLog(more: LogContext): void {
  const store = storage.getStore();
  if (store) store.context = { ...store.context, ...more };
}

export function logContext(): LogContext {
  const context = storage.getStore()?.context ?? {};
  const owner = context.owner ?? currentOwner();
  return owner === NO_OWNER ? context : { ...context, owner };
}
