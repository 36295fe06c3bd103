import type { QueueOptions } from 'bull';

export const OPERATIONS_QUEUE = 'operations';
export const DASHBOARD_ROUTE = '/admin/queues';

/** Settled jobs that the dashboard still shows. */
const KEPT_JOBS = 500;

/** Options of the one Bull queue. */
export function bullOptions(redisUrl: string): QueueOptions {
  const url = new URL(redisUrl);
  return {
    redis: {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? 6379 : Number(url.port),
      db: url.pathname.length > 1 ? Number(url.pathname.slice(1)) : 0,
      username: url.username === '' ? undefined : decodeURIComponent(url.username),
      password: url.password === '' ? undefined : decodeURIComponent(url.password),
      tls: url.protocol === 'rediss:' ? {} : undefined,
      // Bull's own strategy waits up to 20 s; the rows are swept every few seconds, so reconnecting may be as quick.
      retryStrategy: (attempt) => Math.min(attempt * 100, 2000),
    },
    settings: {
      // A job whose worker died is never given to another: the row decides what runs again, and in which order.
      maxStalledCount: 0,
      lockDuration: 60_000,
      lockRenewTime: 15_000,
      stalledInterval: 30_000,
    },
    defaultJobOptions: { attempts: 1, removeOnComplete: KEPT_JOBS, removeOnFail: KEPT_JOBS },
  };
}
