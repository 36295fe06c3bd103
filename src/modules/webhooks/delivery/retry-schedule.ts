const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** After the first attempt, the second, ...: the schedule that Standard Webhooks recommends, to three days. */
const DELAYS_MS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/** Deliveries that failed together do not come back together. */
const JITTER = 0.2;

/** How long to wait after the attempt of this number, from 1 on; null after the last one. */
export function retryDelayMs(attempt: number, random: () => number = Math.random): number | null {
  const delay = DELAYS_MS[attempt - 1];
  return delay === undefined ? null : delay * (1 + JITTER * (2 * random() - 1));
}
