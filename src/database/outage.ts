import { type EntityManager } from 'typeorm';
import { toOutage } from '../common/errors/database-outage.error.js';
import { OUTAGE_PATIENCE_MS } from './patient-pool.js';

/** Connections that died at the same moment are found one by one. */
const PAUSE_MS = 100;

/**
 * Does the work again when its connection breaks under way, once the database is back (PatientPool waits for that).
 * Only for work that may be done twice (while `mayRepeat` says so), and outside of a transaction, which ends with its
 * connection.
 * @throws DatabaseOutageError when the database is away for longer than OUTAGE_PATIENCE_MS
 */
export async function whenDatabaseIsBack<T>(work: () => Promise<T>, mayRepeat = () => true): Promise<T> {
  const deadline = performance.now() + OUTAGE_PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const outage = toOutage(error);
      if (outage === null) throw error;
      if (!mayRepeat() || performance.now() >= deadline) throw outage;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/**
 * A transaction that begins anew when its connection breaks before the commit: nothing of it has happened. A connection
 * that breaks at the commit leaves open whether it did, so that this is not tried again. Work that finds out by itself
 * what it has done goes into whenDatabaseIsBack with its transaction.
 * @throws DatabaseOutageError
 */
export async function transactionWhenDatabaseIsBack<T>(
  manager: EntityManager,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  let isDone = false;
  const transaction = () =>
    manager.transaction(async (inner) => {
      const result = await work(inner);
      isDone = true;
      return result;
    });
  return whenDatabaseIsBack(transaction, () => !isDone);
}
