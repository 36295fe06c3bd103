/** What a key may use; null: as much as it likes. */
export interface KeyLimits {
  readonly requestsPerMinute: number | null;
  readonly requestsPerDay: number | null;
  /** Trained and sampled. */
  readonly tokensPerMinute: number | null;
  readonly tokensPerDay: number | null;
  /** Accepted and not settled, at a time. */
  readonly concurrentOperations: number | null;
  /** Live ones. */
  readonly adapters: number | null;
  /** By checkpoints, states of adapters and files. */
  readonly storedBytes: number | null;
}

/** Those of one key: what is left out is as the settings of the server have it. */
export type OwnLimits = Partial<KeyLimits>;

/** The limits that count within a window of time, with the name that clients know each by. */
export const WINDOW_LIMITS = {
  requestsPerMinute: 'requests_per_minute',
  requestsPerDay: 'requests_per_day',
  tokensPerMinute: 'tokens_per_minute',
  tokensPerDay: 'tokens_per_day',
} as const;
export type WindowLimit = keyof typeof WINDOW_LIMITS;
export const WINDOW_LIMIT_KEYS = Object.keys(WINDOW_LIMITS) as WindowLimit[];

/** What has been used of a limit with a window, and when the window ends. */
export interface WindowUse {
  readonly limit: WindowLimit;
  readonly allowed: number;
  readonly used: number;
  readonly resetsAt: Date;
  /** From the time of the database's answer to then. */
  readonly resetsInMs: number;
}

/** Of the limits that are reached the one that lasts longest: no request is let in before it ends. */
export function reachedLimit(uses: readonly WindowUse[]): WindowUse | undefined {
  return uses.filter(({ used, allowed }) => used >= allowed).toSorted((a, b) => b.resetsInMs - a.resetsInMs)[0];
}

export function hasWindows(limits: KeyLimits): boolean {
  return WINDOW_LIMIT_KEYS.some((limit) => limits[limit] !== null);
}
