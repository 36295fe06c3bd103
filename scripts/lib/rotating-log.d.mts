/** Copies the file to `.1`, what was there to `.2` and so on, and empties it. */
export function rotateLog(file: string, keep?: number): void;

export function openRotatingLog(
  file: string,
  options?: { maxBytes?: number; keep?: number; checkEveryMs?: number },
): {
  /** For the child that writes. */
  readonly descriptor: number;
  /** Where this run's lines begin. */
  readonly start: number;
  /** Gives the descriptor back in this process. */
  close(): void;
  /** Ends the checks of the size. */
  stop(): void;
};
