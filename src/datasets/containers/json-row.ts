import { isUtf8 } from 'node:buffer';
import { AppError } from '../../common/errors/app-error.js';
import { describe, type JsonObject } from '../../common/json/json-fields.js';
import { type JsonLimits, scanJson } from '../../common/json/json-scan.js';
import { shortened } from '../../common/shortened.js';
import { type SourceRow } from './container.js';

const LIMITS: JsonLimits = { parts: 2 ** 20, values: 2 ** 20, fields: 10_000 };
const MAX_REASON = 200;

/** A row that is one JSON object. */
export function parseJsonRow(bytes: Buffer, at: number): SourceRow {
  if (!isUtf8(bytes)) return { at, problem: 'is not valid UTF-8.' };
  try {
    scanJson(bytes, LIMITS);
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (isObject(value)) return { at, row: value };
    return { at, problem: `must be a JSON object, but is ${describe(value)}.` };
  } catch (error) {
    if (error instanceof AppError) return { at, problem: error.message };
    const reason = error instanceof Error ? error.message : String(error);
    return { at, problem: `is not valid JSON: ${shortened(reason, MAX_REASON)}.` };
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
