import { type OpenOperation } from '../futures/index.js';

/** Why an operation that is pending does not run yet. `standstill`: why none does, if so. */
export function whyItWaits(
  { ahead, aheadKind }: Pick<OpenOperation, 'ahead' | 'aheadKind'>,
  standstill: string | null,
): string {
  if (standstill !== null) return standstill;
  if (ahead === 0) return 'next of its adapter; the workers are busy';
  if (ahead === 1) return `runs after the ${aheadKind} that was sent to its adapter before`;
  return `runs after ${ahead} operations that were sent to its adapter before`;
}
