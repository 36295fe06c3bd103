import { toOutage } from '../common/errors/database-outage.error.js';
import { OUTAGE_PATIENCE_MS } from './patient-pool.js';

/** Connections that died at the same moment are found one by one. */
const PAUSE_MS = 100;

/**
 * Does the work again when its connection breaks under way, once the database is back (PatientPool waits for that).
 * Only for work that may be done twice, and outside of a transaction, which ends with its connection.
 * @throws DatabaseOutageError when the database is away for longer than OUTAGE_PATIENCE_MS
 */
export async function whenDatabaseIsBack<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + OUTAGE_PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const outage = toOutage(error);
      if (outage === null) throw error;
      if (performance.now() >= deadline) throw outage;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
