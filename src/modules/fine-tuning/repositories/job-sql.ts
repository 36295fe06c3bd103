import { EVENT_CHANNELS } from '../../../events/event-bus.js';

/**
 * SQL: the part of a WITH that records the events in the JSON of `parameter` for the job of row `changed`, if there is
 * one, and wakes whoever waits for news of it.
 */
export function recordEvents(parameter: string): string {
  return `events AS (
      INSERT INTO fine_tuning_events (job_id, key, type, level, message, data)
      SELECT changed.id, event.key, event.type, event.level, event.message, event.data
      FROM changed, jsonb_to_recordset(${parameter}::jsonb)
        AS event (key text, type text, level text, message text, data jsonb)
      ON CONFLICT DO NOTHING),
    news AS (SELECT pg_notify('${EVENT_CHANNELS.fineTuningJob}', changed.id) FROM changed)`;
}
