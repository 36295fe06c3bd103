import { invalid, type JsonObject } from '../../common/json/json-fields.js';

/** A schema or a part of one, with its path for errors. */
export interface SchemaNode {
  readonly schema: JsonObject;
  /** Its path in the request. */
  readonly path: string;
}

/** What an answer cannot be held to is refused: it would be looser than the schema says. */
export function unsupported(path: string, keyword: string, problem = 'is not supported.', remedy = 'Leave it out.') {
  return invalid(`${path}.${keyword}`, problem, remedy);
}

/** A keyword that must be a whole number that is not negative; undefined when it is not there. */
export function readCount({ schema, path }: SchemaNode, keyword: string, most: number): number | undefined {
  const value = schema[keyword];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw unsupported(path, keyword, 'must be a whole number from 0.', 'Pass such a number.');
  }
  if (value <= most) return value;
  throw unsupported(path, keyword, `is ${value}.`, `Grammars count up to ${most}; use at most that.`);
}
