import { type JsonObject } from '../../common/json/json-fields.js';
import { type SchemaNode, unsupported } from './schema-error.js';

/** They say something about a value, and hold it to nothing. */
const ANNOTATIONS = [
  'title',
  'description',
  'default',
  'example',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  '$comment',
  '$schema',
  '$id',
  '$defs',
  'definitions',
];

export const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const;
export type JsonType = (typeof TYPES)[number];

/** Keywords by the types of values that they apply to. */
const OF_TYPE: Readonly<Record<JsonType, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties', 'propertyNames'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems'],
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  boolean: [],
  null: [],
};
const ASSERTIONS = ['type', ...new Set(Object.values(OF_TYPE).flat())];

/** Refuses what a schema says besides these keywords and annotations. */
export function requireOnly({ schema, path }: SchemaNode, allowed: readonly string[], remedy?: string): void {
  const other = Object.keys(schema).find((key) => !allowed.includes(key) && !ANNOTATIONS.includes(key));
  if (other !== undefined) throw unsupported(path, other, 'is not supported here.', remedy ?? 'Leave it out.');
}

export function requireKnown(node: SchemaNode): void {
  requireOnly(node, ASSERTIONS);
}

/** The types of the values that a schema describes: those that it names, else those that its keywords are about. */
export function typesOf({ schema, path }: SchemaNode): readonly JsonType[] {
  const { type } = schema;
  if (type === undefined) {
    const implied = TYPES.filter((name) => name !== 'integer' && OF_TYPE[name].some((key) => key in schema));
    return implied.length > 0 ? implied : TYPES.filter((name) => name !== 'integer');
  }
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  if (types.length === 0 || !types.every(isType)) {
    throw unsupported(path, 'type', 'names no type.', `Use one or more of ${TYPES.join(', ')}.`);
  }
  return types.includes('number') ? types.filter((name) => name !== 'integer') : types;
}

/** Does the schema hold values of this type to anything? */
export function isPlain(schema: JsonObject, type: JsonType): boolean {
  return !OF_TYPE[type].some((key) => key in schema);
}

function isType(value: unknown): value is JsonType {
  return TYPES.some((type) => type === value);
}
