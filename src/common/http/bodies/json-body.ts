import { type TaskOutput, type ThreadTask } from '../../threads/thread-task.js';
import { MalformedBodyError } from './body.errors.js';
import { type JsonLimits, LOOP_LIMITS, scanJson } from '../../json/json-scan.js';

/** For what is large, and yet to be walked on the event loop. */
export const PARSE_JSON_BODY: ThreadTask<Uint8Array, object> = { url: import.meta.url, run: parseJsonBodyTask };

export function parseJsonBodyTask(bytes: Uint8Array): TaskOutput<object> {
  return { value: parseJsonBody(bytes) };
}

/** @throws BodyTooComplexError before anything is made of it, MalformedBodyError */
export function parseJsonBody(bytes: Uint8Array, limits: JsonLimits = LOOP_LIMITS): object {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  scanJson(body, limits);
  return parseObject(body.toString('utf8'));
}

/** What a client sends as no body at all counts as an object without fields. @throws MalformedBodyError */
export function parseObject(text: string): object {
  if (text.length === 0) return {};
  let value: unknown;
  try {
    // What some editors put before UTF-8 belongs to no JSON.
    value = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
  } catch (error) {
    throw new MalformedBodyError(error instanceof Error ? error.message : String(error), error);
  }
  if (typeof value === 'object' && value !== null) return value;
  throw new MalformedBodyError('it is neither an object nor a list', undefined);
}
