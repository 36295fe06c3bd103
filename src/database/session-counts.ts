import { type DataSource } from 'typeorm';
import { PatientPool } from './patient-pool.js';

/** Database sessions of this process, and who waits for one. */
export interface SessionCounts {
  readonly busy: number;
  readonly idle: number;
  readonly waiting: number;
}

/** Null where the sessions are not in a pool of ours. */
export function countSessions({ driver }: DataSource): SessionCounts | null {
  const pool: unknown = Reflect.get(driver, 'master');
  if (!(pool instanceof PatientPool)) return null;
  const { totalCount, idleCount: idle, waitingCount: waiting } = pool;
  return { busy: totalCount - idle, idle, waiting };
}
