import { type CleanedEnv } from 'envalid';
import { wholeNumber } from '../environment/env-validators.js';

const limit = wholeNumber(0, 1_000_000_000_000);
const MIB = 2 ** 20;
const SCOPE = 'for keys without a limit of their own. 0 = no limit.';

/** What a key may use that has no limits of its own; those of ADMIN_KEYS have none. */
export const KEY_LIMITS_ENV_SCHEMA = {
  KEY_REQUESTS_PER_MINUTE: limit({
    default: 0,
    desc: `Maximum requests per minute that train or sample, ${SCOPE}`,
  }),
  KEY_REQUESTS_PER_DAY: limit({
    default: 0,
    desc: `Maximum requests per day (UTC) that train or sample, ${SCOPE}`,
  }),
  KEY_TOKENS_PER_MINUTE: limit({
    default: 0,
    desc: `Maximum tokens trained and sampled per minute, ${SCOPE}`,
  }),
  KEY_TOKENS_PER_DAY: limit({
    default: 0,
    desc: `Maximum tokens trained and sampled per day (UTC), ${SCOPE}`,
  }),
  KEY_CONCURRENT_OPERATIONS: limit({
    default: 0,
    desc: `Maximum operations at a time that are accepted and not settled, ${SCOPE}`,
  }),
  KEY_STORED_MB: wholeNumber(
    0,
    1_073_741_824,
  )({
    default: 0,
    desc: `Maximum MiB that checkpoints, states of adapters and files take together, ${SCOPE}`,
  }),
} as const;

/** The same, with null for no limit. */
export interface DefaultKeyLimits {
  readonly requestsPerMinute: number | null;
  readonly requestsPerDay: number | null;
  readonly tokensPerMinute: number | null;
  readonly tokensPerDay: number | null;
  readonly concurrentOperations: number | null;
  readonly storedBytes: number | null;
}

export function defaultKeyLimits(values: CleanedEnv<typeof KEY_LIMITS_ENV_SCHEMA>): DefaultKeyLimits {
  return Object.freeze({
    requestsPerMinute: values.KEY_REQUESTS_PER_MINUTE || null,
    requestsPerDay: values.KEY_REQUESTS_PER_DAY || null,
    tokensPerMinute: values.KEY_TOKENS_PER_MINUTE || null,
    tokensPerDay: values.KEY_TOKENS_PER_DAY || null,
    concurrentOperations: values.KEY_CONCURRENT_OPERATIONS || null,
    storedBytes: values.KEY_STORED_MB * MIB || null,
  });
}
