import { type JsonObject } from '../../common/json/json-fields.js';
import { choice, literal, repeated, sequence } from '../ebnf.js';
import { toJsonLine } from '../json-rules.js';
import { type Bound, integersBetween, numbersBetween } from './number-ranges.js';
import { readCount, type SchemaNode, unsupported } from './schema-error.js';
import { isPlain, requireOnly, typesOf } from './schema-keywords.js';
import { STRING_FORMATS } from './string-formats.js';
import { patternText, PatternError } from './string-patterns.js';

/** Longest string that a bound may name: each character is a state of the grammar. */
const MAX_LENGTH = 1000;

/** One of the values that a schema lists. */
export function listedValues(node: SchemaNode): string {
  const { schema, path } = node;
  const keyword = 'const' in schema ? 'const' : 'enum';
  requireOnly(node, ['const', 'enum', 'type'], `Leave it out: ${keyword} lists all values.`);
  if ('const' in schema && 'enum' in schema) throw unsupported(path, 'enum', 'stands beside const.');
  const listed = 'const' in schema ? [schema['const']] : schema['enum'];
  if (!Array.isArray(listed) || listed.length === 0) throw unsupported(path, 'enum', 'must list values.', 'List some.');
  const values = listed.filter((value) => ('type' in schema ? isOfType(value, node) : true));
  if (values.length === 0) throw unsupported(path, keyword, 'has no value of the type.', 'Change one of them.');
  return choice(values.map((value) => literal(toJsonLine(value))));
}

function isOfType(value: unknown, node: SchemaNode): boolean {
  const types: readonly string[] = typesOf(node);
  if (value === null) return types.includes('null');
  if (Array.isArray(value)) return types.includes('array');
  if (typeof value === 'number' && Number.isInteger(value))
    return types.includes('number') || types.includes('integer');
  return types.includes(typeof value);
}

/** With its quotes. */
export function stringValue(node: SchemaNode): string {
  return isPlain(node.schema, 'string') ? 'json_string' : sequence('"\\""', stringText(node), '"\\""');
}

/** What stands between the quotes. */
export function stringText(node: SchemaNode): string {
  const { schema, path } = node;
  const [least, most] = [readCount(node, 'minLength', MAX_LENGTH), readCount(node, 'maxLength', MAX_LENGTH)];
  const hasLength = least !== undefined || most !== undefined;
  const { pattern, format } = schema;
  if (pattern === undefined && format === undefined) {
    if (most !== undefined && (least ?? 0) > most)
      throw unsupported(path, 'minLength', 'is above maxLength.', 'Lower it.');
    return repeated('json_char', least ?? 0, most ?? null);
  }
  const keyword = pattern === undefined ? 'format' : 'pattern';
  if (hasLength) {
    throw unsupported(path, least === undefined ? 'maxLength' : 'minLength', `is not supported beside ${keyword}.`);
  }
  // A format beside a pattern only describes: libraries that write schemas put its own pattern there.
  const text = pattern === undefined ? STRING_FORMATS.get(String(format)) : pattern;
  if (typeof text !== 'string') {
    const formats = [...STRING_FORMATS.keys()].join(', ');
    throw unsupported(path, keyword, `'${String(format)}' is not supported.`, `Use a pattern, or one of ${formats}.`);
  }
  try {
    return patternText(text);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw unsupported(path, 'pattern', error.message, 'Write it without.');
  }
}

export function integerValue(node: SchemaNode): string {
  const { schema, path } = node;
  requireMultiple(node);
  const [low, high] = bounds(node);
  if (low === null && high === null) return 'json_integer';
  const least = low && BigInt(Math.ceil(low.value)) + (low.open && Number.isInteger(low.value) ? 1n : 0n);
  const most = high && BigInt(Math.floor(high.value)) - (high.open && Number.isInteger(high.value) ? 1n : 0n);
  return integersBetween(least, most) ?? emptyRange(schema, path);
}

export function numberValue(node: SchemaNode): string {
  const { schema, path } = node;
  if (schema['multipleOf'] !== undefined) throw unsupported(path, 'multipleOf');
  const [low, high] = bounds(node);
  if (low === null && high === null) return 'json_number';
  try {
    return numbersBetween(low, high) ?? emptyRange(schema, path);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const keyword = boundKeywords(schema)[0] ?? 'minimum';
    throw unsupported(path, keyword, 'has too many digits.', 'Use bounds of at most nine digits and six decimals.');
  }
}

function requireMultiple({ schema, path }: SchemaNode): void {
  const { multipleOf = 1 } = schema;
  if (multipleOf !== 1) throw unsupported(path, 'multipleOf');
}

/** The tighter of an inclusive and an exclusive bound. */
function bounds({ schema, path }: SchemaNode): [Bound | null, Bound | null] {
  const read = (keyword: string, open: boolean): Bound | null => {
    const value = schema[keyword];
    if (value === undefined) return null;
    if (typeof value === 'number') return { value, open };
    throw unsupported(path, keyword, 'must be a number.', 'Pass a number.');
  };
  const tighter = (a: Bound | null, b: Bound | null, sign: 1 | -1): Bound | null => {
    if (a === null || b === null) return a ?? b;
    return sign * (b.value - a.value) >= 0 ? b : a;
  };
  return [
    tighter(read('minimum', false), read('exclusiveMinimum', true), 1),
    tighter(read('maximum', false), read('exclusiveMaximum', true), -1),
  ];
}

function boundKeywords(schema: JsonObject): string[] {
  return ['minimum', 'exclusiveMinimum', 'maximum', 'exclusiveMaximum'].filter((keyword) => keyword in schema);
}

function emptyRange(schema: JsonObject, path: string): never {
  throw unsupported(path, boundKeywords(schema)[0] ?? 'minimum', 'leaves no number.', 'Widen the range.');
}
