import { type JsonObject, readArray, readObject } from '../../common/json/json-fields.js';
import { choice, literal, optional, repeated, sequence } from '../ebnf.js';
import { keyBut } from './object-keys.js';
import { stringText } from './scalar-values.js';
import { readCount, type SchemaNode, unsupported } from './schema-error.js';
import { requireOnly } from './schema-keywords.js';

/** What the grammar of a schema offers to its parts. */
export interface GrammarParts {
  /** Names an expression, so that it stands in the grammar once. */
  rule(expression: string): string;
  /** Any value of a schema. */
  value(schema: unknown, path: string): string;
}

/** Most items that a bound may name. */
const MAX_ITEMS = 1000;

interface Member {
  readonly text: string;
  readonly isRequired: boolean;
}

/** Properties come in the order of the schema, and others after them. */
export function objectValue(node: SchemaNode, parts: GrammarParts): string {
  const members = membersOf(node, parts);
  const others = otherMember(node, parts);
  let following = others === null ? '""' : repeated(`", " ${others}`, 0, null);
  let first = others === null ? '""' : optional(sequence(others, following));
  for (const { text, isRequired } of members.toReversed()) {
    const pair = sequence(text, following);
    first = parts.rule(isRequired ? pair : choice([pair, first]));
    following = parts.rule(isRequired ? sequence('", "', pair) : choice([sequence('", "', pair), following]));
  }
  return sequence('"{"', first, '"}"');
}

function membersOf({ schema, path }: SchemaNode, parts: GrammarParts): Member[] {
  const required = readRequired(schema, path);
  const declared = readProperties(schema, path);
  const { additionalProperties: additional = true } = schema;
  const given = [...declared].flatMap(([name, property]): Member[] => {
    const propertyPath = `${path}.properties.${name}`;
    if (property === false && !required.has(name)) return [];
    return [{ text: member(name, parts.value(property, propertyPath)), isRequired: required.has(name) }];
  });
  const further = [...required].filter((name) => !declared.has(name));
  const [missing] = further;
  if (additional === false && missing !== undefined) {
    throw unsupported(path, 'required', `names '${missing}', which is not in properties.`, 'Add it there.');
  }
  const value = () => parts.value(additional, `${path}.additionalProperties`);
  return [...given, ...further.map((name): Member => ({ text: member(name, value()), isRequired: true }))];
}

/** A member that the schema does not name; null where there are to be none. */
function otherMember({ schema, path }: SchemaNode, parts: GrammarParts): string | null {
  const { additionalProperties: additional } = schema;
  const names = new Set([...readProperties(schema, path).keys(), ...readRequired(schema, path)]);
  // Nothing has to be there beyond what a schema names; only one that names nothing is about other members.
  if (additional === false || (additional === undefined && names.size > 0)) return null;
  const value = parts.value(additional ?? true, `${path}.additionalProperties`);
  return sequence(otherKey(schema, path, names, parts), '": "', value);
}

function otherKey(schema: JsonObject, path: string, names: ReadonlySet<string>, parts: GrammarParts): string {
  const node = {
    schema: readObject(schema['propertyNames'] ?? {}, `${path}.propertyNames`, 'Pass a schema.'),
    path: `${path}.propertyNames`,
  };
  requireOnly(node, ['type', 'minLength', 'maxLength', 'pattern', 'format']);
  const { type = 'string', ...rules } = node.schema;
  if (type !== 'string') throw unsupported(node.path, 'type', 'must be "string".', 'Names are strings.');
  if (Object.keys(rules).length === 0) {
    return names.size === 0
      ? 'json_string'
      : sequence(
          '"\\""',
          keyBut([...names], (text) => parts.rule(text)),
          '"\\""',
        );
  }
  if (names.size > 0) throw unsupported(path, 'propertyNames', 'is not supported beside properties.');
  return sequence('"\\""', stringText(node), '"\\""');
}

export function arrayValue(node: SchemaNode, parts: GrammarParts): string {
  const { schema, path } = node;
  if (schema['uniqueItems'] !== undefined && schema['uniqueItems'] !== false) throw unsupported(path, 'uniqueItems');
  const [min, max] = [readCount(node, 'minItems', MAX_ITEMS) ?? 0, readCount(node, 'maxItems', MAX_ITEMS) ?? null];
  if (max !== null && min > max) throw unsupported(path, 'minItems', 'is above maxItems.', 'Lower it.');
  const listed = readArray(schema['prefixItems'] ?? [], `${path}.prefixItems`, 'Pass a list of schemas.');
  const prefix = listed.slice(0, max ?? undefined).map((item, i) => parts.value(item, `${path}.prefixItems[${i}]`));
  const { items } = schema;
  const left = Math.max(0, min - prefix.length);
  // As with members: items beyond those named are only written where they have to be.
  const isOpen = items !== false && (items !== undefined || listed.length === 0 || left > 0);
  if (!isOpen && left > 0) throw unsupported(path, 'minItems', 'is more than items allows.', 'Lower it.');
  const most = max === null ? null : max - prefix.length;
  const item = isOpen && most !== 0 ? parts.value(items ?? true, `${path}.items`) : null;
  return sequence('"["', itemsText(prefix, item, left, most), '"]"');
}

function itemsText(prefix: readonly string[], item: string | null, min: number, max: number | null): string {
  const [first, ...others] = prefix.map((one, i) => (i === 0 ? one : sequence('", "', one)));
  if (first !== undefined) {
    return sequence(first, ...others, item === null ? '""' : repeated(`", " ${item}`, min, max));
  }
  if (item === null) return '""';
  const list = sequence(item, repeated(`", " ${item}`, Math.max(0, min - 1), max === null ? null : max - 1));
  return min === 0 ? optional(list) : list;
}

function readProperties(schema: JsonObject, path: string): Map<string, unknown> {
  return new Map(
    Object.entries(readObject(schema['properties'] ?? {}, `${path}.properties`, 'Pass {"name": schema}.')),
  );
}

function readRequired(schema: JsonObject, path: string): Set<string> {
  const names = readArray(schema['required'] ?? [], `${path}.required`, 'Pass a list of names.');
  if (names.every((name) => typeof name === 'string')) return new Set(names);
  throw unsupported(path, 'required', 'must list names.', 'Pass strings.');
}

function member(name: string, value: string): string {
  return sequence(literal(`${JSON.stringify(name)}: `), value);
}
