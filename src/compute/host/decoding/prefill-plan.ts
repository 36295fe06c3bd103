/** Of a step's tokens, the part that belongs to the prompt that has waited for longest: 1 / OLDEST_SHARE. */
const OLDEST_SHARE = 4;

/** A prompt that waits to be read. */
export interface PrefillCandidate<T> {
  /** Whose prompt is to be read for it: its own, or one with the same beginning that is being read already. */
  readonly reads: T;
  /** Tokens that it waits for. */
  readonly unread: number;
}

/**
 * Divides the prompt tokens of one step: those go first that have least to read, so that a short prompt does not wait for a
 * long one. A part belongs to the oldest whatever comes after it, so that it does not wait for ever.
 * @param candidates oldest first
 * @returns how many tokens to read of each
 */
export function planPrefill<T extends { readonly unread: number }>(
  candidates: readonly PrefillCandidate<T>[],
  tokens: number,
): Map<T, number> {
  const pieces = new Map<T, number>();
  let left = tokens;
  const give = (reader: T, most: number): void => {
    const before = pieces.get(reader) ?? 0;
    const more = Math.min(most, reader.unread - before);
    if (more <= 0) return;
    pieces.set(reader, before + more);
    left -= more;
  };
  const [oldest] = candidates;
  if (oldest) give(oldest.reads, Math.ceil(tokens / OLDEST_SHARE));
  for (const { reads } of [...candidates].sort((a, b) => a.unread - b.unread)) give(reads, left);
  return pieces;
}
