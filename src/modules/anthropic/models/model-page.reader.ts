import type { Request } from 'express';
import { describe, invalid } from '../../../common/json/json-fields.js';

/** Which part of a list a client asks for. */
export interface ModelPage {
  readonly limit: number;
  readonly afterId: string | undefined;
  readonly beforeId: string | undefined;
}

/** Anthropic's. */
const LIMIT = 20;
const MAX_LIMIT = 1000;

/** `names`: of all models. @throws InvalidRequestError */
export function readModelPage(query: Request['query'], names: readonly string[]): ModelPage {
  return {
    limit: readLimit(query['limit']),
    afterId: readName(query['after_id'], 'after_id', names),
    beforeId: readName(query['before_id'], 'before_id', names),
  };
}

function readLimit(value: unknown): number {
  if (value === undefined) return LIMIT;
  const limit = typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw invalid('limit', `is ${describe(value)}.`, `Pass a number from 1 to ${MAX_LIMIT}.`);
}

function readName(value: unknown, field: string, names: readonly string[]): string | undefined {
  if (value === undefined) return undefined;
  const name = names.find((one) => one === value);
  if (name !== undefined) return name;
  throw invalid(field, `is ${describe(value)}, which is not in the list.`, 'Pass first_id or last_id of another page.');
}
