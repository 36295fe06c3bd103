import { UnsupportedCheckpointError } from '../../formats/format.errors.js';

export type Json = Readonly<Record<string, unknown>>;

/**
 * Reads numbers and flags of a config.json. A field that is absent has the fallback; null is a value, and wrong: as in
 * transformers, where only some fields may be null, and may then mean another thing than an absent one.
 */
export class ConfigReader {
  constructor(
    private readonly json: Json,
    private readonly what: string,
  ) {}

  /** A positive whole number. */
  size(key: string, fallback?: number): number {
    const value = this.get(key, fallback);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
    throw this.wrong(key, value, 'a positive integer');
  }

  positive(key: string, fallback?: number): number {
    const value = this.get(key, fallback);
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw this.wrong(key, value, 'a positive number');
  }

  /** A positive number, or null where the field is null, absent or 0. */
  positiveOrNone(key: string): number | null {
    const value = this.get(key, undefined) ?? 0;
    return value === 0 ? null : this.positive(key);
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.get(key, fallback);
    if (typeof value === 'boolean') return value;
    throw this.wrong(key, value, 'true or false');
  }

  private get(key: string, fallback: unknown): unknown {
    return Object.hasOwn(this.json, key) ? this.json[key] : fallback;
  }

  private wrong(key: string, value: unknown, wanted: string): UnsupportedCheckpointError {
    const stated = value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`;
    return unsupported(this.what, `${key} in its config.json ${stated}, not ${wanted}`);
  }
}

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function unsupported(what: string, reason: string, remedy?: string): UnsupportedCheckpointError {
  return new UnsupportedCheckpointError(`${what} cannot be loaded: ${reason}.`, remedy ? { remedy } : {});
}
