/** Keys of the Postgres advisory locks we take; any numbers, but each once. */
export const ADVISORY_LOCKS = {
  /** Held while migrations run. */
  migrations: 7_423_001,
  /** First half of the key of the lock that each worker holds while its connection lives; the second is in its row. */
  worker: 7_423_002,
  /** First half of the key that is held while a loss is registered; the second is made of its owner. */
  lossFunctions: 7_423_003,
  /** First half of the key that is held while an adapter is made; the second is made of its owner. */
  adapters: 7_423_004,
  /** Held while a process takes a fine-tuning job. */
  fineTuning: 7_423_005,
} as const;
