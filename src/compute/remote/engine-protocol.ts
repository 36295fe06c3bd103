import { type SerializedError } from '../../common/errors/app-error.js';
import { type TokenEvent } from '../compute-backend.js';

/** What passes between the service's thread and the engine's. Everything here can be cloned between threads. */

/** The backend's methods that are called across threads. */
export const REMOTE_METHODS = [
  'start',
  'stop',
  'createAdapter',
  'deleteAdapter',
  'exportState',
  'digestState',
  'importState',
  'forward',
  'forwardBackward',
  'optimStep',
  'dropGradients',
  'generate',
] as const;
export type RemoteMethod = (typeof REMOTE_METHODS)[number];

export interface EngineCall {
  readonly id: number;
  readonly method: RemoteMethod;
  readonly args: readonly unknown[];
}

/** Ends a call that can be given up, if it still runs. */
export interface EngineCancel {
  readonly cancel: number;
}

export type EngineMessage =
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  /** A foreseen error, which keeps its code and category. */
  | { readonly kind: 'error'; readonly id: number; readonly error: SerializedError }
  /** Anything else; the stack is the engine's. */
  | { readonly kind: 'crash'; readonly id: number; readonly message: string; readonly stack: string }
  | { readonly kind: 'token'; readonly id: number; readonly event: TokenEvent };
