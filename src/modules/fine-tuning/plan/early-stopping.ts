/** The epoch with the lowest validation loss, from 1; the first of equal ones. 0 without any. */
export function bestEpoch(validLosses: readonly number[]): number {
  const lowest = validLosses.reduce((least, loss) => Math.min(least, loss), Infinity);
  return validLosses.indexOf(lowest) + 1;
}

/** Whether the last `patience` epochs have brought no lower loss than the best one before them. */
export function hasStopped(validLosses: readonly number[], patience: number | null): boolean {
  return patience !== null && validLosses.length > 0 && validLosses.length - bestEpoch(validLosses) >= patience;
}
