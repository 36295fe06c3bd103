/** Keys of the Postgres advisory locks we take; any numbers, but each once. */
export const ADVISORY_LOCKS = {
  /** Held while migrations run. */
  migrations: 7_423_001,
  /** Held by the one worker that computes, for as long as it does. */
  compute: 7_423_002,
} as const;
