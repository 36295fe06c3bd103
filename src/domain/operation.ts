/** The operation kinds of the log. What each of them is stands in its definition in src/operations. */
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

export const UNSETTLED_STATUSES = ['pending', 'running'] as const satisfies readonly OperationStatus[];

export function isSettled(status: OperationStatus): boolean {
  return status === 'completed' || status === 'failed';
}
