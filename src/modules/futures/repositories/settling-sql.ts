import { EVENT_CHANNELS } from '../../../events/event-bus.js';

/** The end of a statement that settles requests: wakes who waits for the rows in `done`, in the same transaction. */
export const TELL_WAITERS = `
  SELECT pg_notify('${EVENT_CHANNELS.futureSettled}', request_id),
         CASE WHEN sampler_id IS NOT NULL THEN pg_notify('${EVENT_CHANNELS.futureSettled}', sampler_id) END FROM done`;
