/** SQL: begins of the minute and of the day (UTC) that last. */
export const MINUTE = `date_trunc('minute', now(), 'UTC')`;
export const DAY = `date_trunc('day', now(), 'UTC')`;

/** The counts of a row, as Postgres sends bigint: as text. */
export interface WindowCounts {
  readonly minute_requests: string;
  readonly minute_tokens: string;
  readonly day_requests: string;
  readonly day_tokens: string;
}

/** SQL: a count of row `counts`, which is over where its window is. */
export function countIn(column: keyof WindowCounts): string {
  const [window, begin] = column.startsWith('minute') ? ['minute', MINUTE] : ['day', DAY];
  return `(CASE WHEN counts.${window} = ${begin} THEN counts.${column} ELSE 0 END)`;
}

/** A further part of a statement that settles operations: adds their tokens where their keys have limits. */
export function countTokens(tokens: string): string {
  return `, metered AS (
  UPDATE key_windows AS counts SET
    minute = ${MINUTE}, minute_requests = ${countIn('minute_requests')}, minute_tokens = ${countIn('minute_tokens')} + ${tokens},
    day = ${DAY}, day_requests = ${countIn('day_requests')}, day_tokens = ${countIn('day_tokens')} + ${tokens}
  FROM done WHERE counts.key_id = done.owner)`;
}
