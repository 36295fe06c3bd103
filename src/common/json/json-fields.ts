import { InvalidRequestError } from '../errors/request.errors.js';
import { shortened } from '../shortened.js';
import { didYouMean } from './nearest-name.js';

/**
 * Reading of JSON that is too large for class-validator: every reader takes the value and its path in the body, so that
 * an error names the field at fault. Nothing is copied and no object is made per number.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Neither left out nor null: clients write both for what they do not mean to say. */
export function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}

export function invalid(field: string, problem: string, remedy: string): InvalidRequestError {
  return new InvalidRequestError(`${field} ${problem} ${remedy}`, { field, remedy });
}

export function readObject(value: unknown, field: string, remedy: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw invalid(field, `must be an object, but is ${describe(value)}.`, remedy);
}

export function readArray(value: unknown, field: string, remedy: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid(field, `must be a list, but is ${describe(value)}.`, remedy);
}

export function readString(value: unknown, field: string, remedy: string): string {
  if (typeof value === 'string') return value;
  throw invalid(field, `must be a string, but is ${describe(value)}.`, remedy);
}

/** A flag that is off unless it is given. */
export function readFlag(value: unknown, field: string): boolean {
  if (!isGiven(value)) return false;
  if (typeof value === 'boolean') return value;
  throw invalid(field, `is ${describe(value)}.`, 'Pass true or false, or omit it.');
}

/** Refuses misspelt and unsupported fields: a field that is silently ignored is worse than an error. */
export function refuseUnknownFields(object: JsonObject, allowed: readonly string[], field: string): void {
  for (const key of Object.keys(object)) {
    if (!allowed.includes(key)) {
      const name = shortened(key);
      throw invalid(
        field === '' ? name : `${field}.${name}`,
        'is not a known field.',
        `${didYouMean(key, allowed)}Known fields: ${allowed.join(', ')}.`,
      );
    }
  }
}

/** Short wording of a JSON value for messages; never more than a few characters of the client's data. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return `'${shortened(value, 24)}'`;
  return typeof value === 'boolean' ? String(value) : 'an object';
}
