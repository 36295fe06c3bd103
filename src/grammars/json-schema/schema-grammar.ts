import { invalid, type JsonObject, readArray, readObject } from '../../common/json/json-fields.js';
import { choice } from '../ebnf.js';
import { arrayValue, type GrammarParts, objectValue } from './container-values.js';
import { integerValue, listedValues, numberValue, stringValue } from './scalar-values.js';
import { areDisjoint } from './schema-branches.js';
import { type SchemaNode, unsupported } from './schema-error.js';
import { isPlain, type JsonType, requireKnown, requireOnly, typesOf } from './schema-keywords.js';

const MAX_DEPTH = 100;

/**
 * Rules for the JSON values of schemas, to be put behind JSON_RULES. Every value that they produce is valid by its schema;
 * a schema of which this cannot be promised is refused by the keyword at fault. The converters of grammar libraries pass
 * over what they do not know, which is why this is here: XGrammar's writes no `not`, takes `exclusiveMinimum` for
 * `minimum`, `oneOf` for `anyOf`, and lets control characters into strings of a bounded length.
 */
export class SchemaGrammar implements GrammarParts {
  private readonly names = new Map<string, string>();
  private readonly expressions = new Map<string, string>();
  private readonly references = new Map<string, string>();
  private root: unknown = {};
  private rootPath = '';
  /** References followed since the last object or array: one that comes back to itself describes nothing. */
  private chain: readonly string[] = [];
  private depth = 0;

  /** @param prefix of the names of its rules, which several in one grammar must not share */
  constructor(private readonly prefix = 'value') {}

  /** The name of the rule for the values of a schema. @throws InvalidRequestError that names the keyword */
  add(schema: unknown, path: string): string {
    this.references.clear();
    this.root = schema;
    this.rootPath = path;
    this.chain = [];
    return this.rule(this.value(schema, path));
  }

  /** All rules so far, one a line. */
  get rules(): string {
    return [...this.expressions].map(([name, expression]) => `${name} ::= ${expression}\n`).join('');
  }

  rule(expression: string): string {
    if (/^\w+$/.test(expression)) return expression;
    const known = this.names.get(expression);
    if (known !== undefined) return known;
    const name = this.newName();
    this.names.set(expression, name);
    this.expressions.set(name, expression);
    return name;
  }

  value(schema: unknown, path: string): string {
    if (schema === true) return 'json_value';
    if (schema === false) throw invalid(path, 'is false: it describes no value.', 'Leave it out.');
    const node = { schema: readObject(schema, path, 'Pass a JSON schema.'), path };
    if (++this.depth > MAX_DEPTH)
      throw invalid(path, `is nested more than ${MAX_DEPTH} deep.`, 'Use a flatter schema.');
    try {
      return this.described(node);
    } finally {
      this.depth--;
    }
  }

  private described(node: SchemaNode): string {
    const { schema } = node;
    if ('$ref' in schema) return this.referenced(node);
    if ('const' in schema || 'enum' in schema) return listedValues(node);
    const union = ['anyOf', 'oneOf', 'allOf'].find((keyword) => keyword in schema);
    if (union !== undefined) return this.united(node, union);
    requireKnown(node);
    return choice(typesOf(node).map((type) => this.typed(type, node)));
  }

  private typed(type: JsonType, node: SchemaNode): string {
    switch (type) {
      case 'object':
        if (isPlain(node.schema, type)) return 'json_object';
        return this.contained(() => objectValue(node, this));
      case 'array':
        if (isPlain(node.schema, type)) return 'json_array';
        return this.contained(() => arrayValue(node, this));
      case 'string':
        return this.rule(stringValue(node));
      case 'number':
        return this.rule(numberValue(node));
      case 'integer':
        return this.rule(integerValue(node));
      case 'boolean':
        return '("true" | "false")';
      case 'null':
        return '"null"';
    }
  }

  private contained(write: () => string): string {
    const { chain } = this;
    this.chain = [];
    try {
      return this.rule(write());
    } finally {
      this.chain = chain;
    }
  }

  private united(node: SchemaNode, keyword: string): string {
    const { schema, path } = node;
    requireOnly(node, [keyword], `Put it into the schemas of ${keyword}.`);
    const branches = readArray(schema[keyword], `${path}.${keyword}`, 'Pass a list of schemas.');
    if (branches.length === 0) throw unsupported(path, keyword, 'is empty.', 'List schemas.');
    if (keyword === 'allOf' && branches.length > 1) {
      throw unsupported(path, keyword, 'has several schemas.', 'Merge them into one.');
    }
    if (keyword === 'oneOf' && !this.excludeEachOther(branches)) {
      const remedy = 'Use anyOf, or give each schema a required property with a const of its own.';
      throw unsupported(path, keyword, 'has schemas that a value may fit at the same time.', remedy);
    }
    return this.rule(choice(branches.map((branch, i) => this.value(branch, `${path}.${keyword}[${i}]`))));
  }

  private excludeEachOther(branches: readonly unknown[]): boolean {
    const schemas = branches.map((branch) => this.resolved(branch));
    const resolve = (schema: unknown) => this.resolved(schema);
    return schemas.every((a, i) => schemas.slice(i + 1).every((b) => a && b && areDisjoint(a, b, resolve)));
  }

  /** A schema behind its references; null where there is none. */
  private resolved(schema: unknown, steps = 0): JsonObject | null {
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return null;
    const object = schema as JsonObject;
    if (typeof object['$ref'] !== 'string') return object;
    return steps > MAX_DEPTH ? null : this.resolved(this.target(object['$ref']), steps + 1);
  }

  private referenced(node: SchemaNode): string {
    const { schema, path } = node;
    requireOnly(node, ['$ref'], 'Put it into the schema that $ref names.');
    const { $ref: reference } = schema;
    const target = typeof reference === 'string' ? this.target(reference) : undefined;
    if (typeof reference !== 'string' || target === undefined) {
      throw unsupported(path, '$ref', 'names nothing in the schema.', 'Use # or #/$defs/name.');
    }
    if (this.chain.includes(reference)) throw unsupported(path, '$ref', 'leads back to itself.', 'Break the circle.');
    const known = this.references.get(reference);
    if (known !== undefined) return known;
    const name = this.newName();
    this.references.set(reference, name);
    // Its expression comes after that of its parts; the entry reserves its position in the order.
    this.expressions.set(name, '""');
    const { chain } = this;
    this.chain = [...chain, reference];
    this.expressions.set(name, this.value(target, this.pathOf(reference)));
    this.chain = chain;
    return name;
  }

  private target(reference: string): unknown {
    if (reference === '#') return this.root;
    if (!reference.startsWith('#/')) return undefined;
    const keys = reference.slice(2).split('/').map(decodeKey);
    return keys.reduce<unknown>((value, key) => {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
      return (value as JsonObject)[key];
    }, this.root);
  }

  private pathOf(reference: string): string {
    return [this.rootPath, ...reference.split('/').slice(1)].join('.');
  }

  private newName(): string {
    return `${this.prefix}_${this.expressions.size}`;
  }
}

/** A key in a JSON pointer of a URI. */
function decodeKey(key: string): string {
  let text = key;
  try {
    text = decodeURIComponent(key);
  } catch {
    // Not encoded.
  }
  return text.replaceAll('~1', '/').replaceAll('~0', '~');
}
