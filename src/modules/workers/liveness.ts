import { ADVISORY_LOCKS } from '../../database/advisory-locks.js';

/** How often a worker says that it lives. */
export const BEAT_MS = 1000;

/** A worker that is silent for this long is dead to the others, even if its process is only stopped. */
const SILENCE_MS = 6000;

/** One whose connection has ended as well is dead after a missed beat: that is how SIGKILL looks. */
const MISSED_BEAT_MS = 1500;

/** SQL: is the row `worker` of the workers table that of a living one? By the clock of the database alone. */
export const IS_ALIVE = `(
  worker.heartbeat_at > now() - interval '${SILENCE_MS} milliseconds'
  AND (worker.heartbeat_at > now() - interval '${MISSED_BEAT_MS} milliseconds'
       OR EXISTS (SELECT FROM pg_locks held
                  WHERE held.locktype = 'advisory' AND held.classid = ${ADVISORY_LOCKS.worker}
                    AND held.objid = worker.lock_key::oid AND held.granted)))`;
