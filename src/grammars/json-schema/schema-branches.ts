import { type JsonObject } from '../../common/json/json-fields.js';
import { type JsonType, typesOf } from './schema-keywords.js';
import { toJsonLine } from '../json-rules.js';

/**
 * Can no value fit both schemas? Told by types, by values, and by a property that both require with different values (the
 * mark of a tagged union). Grammars can only say "any of": "one of" is the same where no two branches overlap.
 */
export function areDisjoint(a: JsonObject, b: JsonObject, resolve: (schema: unknown) => JsonObject | null): boolean {
  const [first, second] = [valuesOf(a), valuesOf(b)];
  if (first && second) return !first.some((value) => second.includes(value));
  if (first ?? second) return false;
  if (!typesIn(a).some((type) => typesIn(b).includes(type))) return true;
  const onlyObjects = [a, b].every((schema) => typesIn(schema).every((type) => type === 'object'));
  return (
    onlyObjects &&
    required(a)
      .filter((name): name is string => typeof name === 'string' && required(b).includes(name))
      .some((name) => {
        const [left, right] = [a, b].map((schema) => resolve((schema['properties'] as JsonObject | undefined)?.[name]));
        return left && right
          ? valuesOf(left) !== null && valuesOf(right) !== null && areDisjoint(left, right, resolve)
          : false;
      })
  );
}

function valuesOf(schema: JsonObject): readonly string[] | null {
  if ('const' in schema) return [toJsonLine(schema['const'])];
  return Array.isArray(schema['enum']) ? schema['enum'].map(toJsonLine) : null;
}

function typesIn(schema: JsonObject): readonly (JsonType | 'any')[] {
  if (['anyOf', 'oneOf', 'allOf', '$ref'].some((key) => key in schema))
    return ['object', 'array', 'string', 'number', 'boolean', 'null'];
  // Integers are numbers.
  return typesOf({ schema, path: '' }).map((type) => (type === 'integer' ? 'number' : type));
}

function required({ required: names }: JsonObject): readonly unknown[] {
  return Array.isArray(names) ? names : [];
}
