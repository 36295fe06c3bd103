/** The kinds of request that go through the operation log; each has exactly one handler in the worker. */
export const OPERATION_KINDS = [
  'create_adapter',
  'delete_adapter',
  'unload_adapter',
  'forward',
  'forward_backward',
  'optim_step',
  'generate',
  'save_weights',
  'save_weights_for_sampler',
  'save_weights_external',
  'load_weights',
  'rewind_adapter',
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** pending -> running -> completed | failed; a running operation whose worker died goes back to pending. */
export const OPERATION_STATUSES = ['pending', 'running', 'completed', 'failed'] as const;
export type OperationStatus = (typeof OPERATION_STATUSES)[number];

export function isSettled(status: OperationStatus): boolean {
  return status === 'completed' || status === 'failed';
}

const READ_ONLY: readonly OperationKind[] = [
  'generate',
  'forward',
  'save_weights',
  'save_weights_for_sampler',
  'save_weights_external',
];

/** Kinds that a client may give up while they wait; the others are the server's own book-keeping. */
export function isCancellable(kind: OperationKind): boolean {
  return kind !== 'create_adapter' && kind !== 'delete_adapter' && kind !== 'unload_adapter';
}

/**
 * Kinds that change nothing about an adapter: several in a row may run side by side, and none is replayed when the
 * adapter's state is rebuilt from the log.
 */
export function isReadOnly(kind: OperationKind): boolean {
  return READ_ONLY.includes(kind);
}
