import { type ValueTransformer } from 'typeorm';

/**
 * Postgres sends bigint as text. Our counters stay far below 2^53 (a million operations a second would take 285
 * years), so they are plain numbers in TypeScript.
 */
export const bigintNumber: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: unknown) => (typeof value === 'string' ? Number(value) : value),
};
