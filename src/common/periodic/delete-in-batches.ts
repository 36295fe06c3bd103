/**
 * Deletes batch after batch until one is not full, or `stopping` aborts; returns how many were deleted. Small statements
 * do not hold up others.
 */
export async function deleteInBatches(
  size: number,
  deleteBatch: (size: number) => Promise<number>,
  stopping?: AbortSignal,
): Promise<number> {
  let total = 0;
  while (stopping?.aborted !== true) {
    const deleted = await deleteBatch(size);
    total += deleted;
    if (deleted < size) break;
  }
  return total;
}
