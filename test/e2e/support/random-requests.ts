import fc from 'fast-check';
import { type ApiDocument, type Route, type Schema } from './api-document.js';

/** Requests made from the API description: some as it says, most of them with one thing broken. */
export interface RandomRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

type Parameter = NonNullable<Route['parameters']>[number];
type Json = fc.JsonValue;

const MAX_DEPTH = 4;
/** Of which no route makes anything sensible; short, as large bodies have tests of their own. */
const JUNK: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, '', 0, -1, 1e308, 2 ** 53, [], {}, [[]], 'NaN', '\u0000', '\ud800', '../..', '💥'),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.double(),
  fc.jsonValue({ maxDepth: 2 }),
);

/** @param key sent as X-API-Key by most requests, where the server asks for one */
export function randomRequests(
  { components }: ApiDocument,
  route: Route,
  path: string,
  key?: string,
): fc.Arbitrary<RandomRequest> {
  const values = new SchemaValues(components.schemas);
  const { parameters = [], requestBody } = route;
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  return fc
    .record({
      names: fc.tuple(...inPath.map((parameter) => segment(parameter))),
      query: fc.array(queryPart(inQuery), { maxLength: 2 }),
      headers: keyHeaders(key),
      body: requestBody ? bodies(requestBody.content, values) : fc.constant(null),
    })
    .map(({ names, query, headers, body }) => {
      const filled = inPath.reduce((text, { name }, i) => text.replace(`{${name}}`, names[i] ?? ''), path);
      return {
        path: query.length > 0 ? `${filled}?${query.join('&')}` : filled,
        headers: { ...headers, ...(body === null ? {} : { 'Content-Type': body.type }) },
        ...(body === null ? {} : { body: body.text }),
      };
    });
}

function segment({ example, schema }: Parameter): fc.Arbitrary<string> {
  const known = textOf(example ?? schema?.example);
  const odd = fc.constantFrom('%00', '%', '%ff', '..%2f..', 'a%0ab', '%F0%9F%92%A5', 'x'.repeat(300), "'", '-1');
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map(encodeURIComponent);
  return fc.oneof(
    { arbitrary: fc.constant(known), weight: 4 },
    odd,
    text.filter((name) => !/^\.+$/.test(name)),
  );
}

function queryPart(parameters: readonly Parameter[]): fc.Arbitrary<string> {
  const names = parameters.map(({ name }) => name);
  const name = fc.constantFrom(...names, 'unknown', 'a[b]', '__proto__');
  const examples = parameters.map(({ example, schema }) => textOf(example ?? schema?.example));
  const value = fc.oneof(fc.constantFrom(...examples, '', '-1', '1e9', '%', '%00'), fc.string({ maxLength: 8 }));
  return fc.tuple(name, value).map(([left, right]) => `${left}=${right.replace(/[\s#&\u007f-\uffff]/g, '')}`);
}

function keyHeaders(key: string | undefined): fc.Arbitrary<Record<string, string>> {
  if (key === undefined)
    return fc.constantFrom<Record<string, string>>(
      {},
      {},
      {},
      { Authorization: 'Bearer x' },
      { Origin: 'http://evil.example' },
    );
  return fc.oneof(
    {
      arbitrary: fc.constantFrom<Record<string, string>>({ 'X-API-Key': key }, { Authorization: `Bearer ${key}` }),
      weight: 6,
    },
    fc.constantFrom<Record<string, string>>(
      {},
      { 'X-API-Key': 'tml-wrong' },
      { 'X-API-Key': key, Authorization: 'Bearer x' },
    ),
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '');
}

type Contents = NonNullable<Route['requestBody']>['content'];

function bodies(content: Contents, values: SchemaValues): fc.Arbitrary<{ type: string; text: string }> {
  const types = Object.keys(content);
  const { schema = {}, examples = {} } = content['application/json'] ?? {};
  const good = Object.values(examples).map(({ value }) => value as Json);
  const json = fc.oneof(
    { arbitrary: values.of(schema, 0), weight: 3 },
    JUNK,
    ...(good.length > 0 ? [{ arbitrary: fc.constantFrom(...good).chain(damaged), weight: 4 }] : []),
  );
  const text = json.map((value) => JSON.stringify(value));
  const cut = fc.tuple(text, fc.double({ min: 0, max: 1, noNaN: true })).map(([whole, part]) => {
    return whole.slice(0, Math.floor(whole.length * part));
  });
  return fc.oneof(
    { arbitrary: fc.record({ type: fc.constant('application/json'), text }), weight: 8 },
    fc.record({ type: fc.constantFrom(...types, 'text/plain', 'application/json; charset=latin1', 'x'), text: cut }),
    fc.record({ type: fc.constantFrom(...types, 'application/x-protobuf'), text: fc.string({ maxLength: 40 }) }),
  );
}

/** A body that works, with one of its fields taken out, replaced or joined by another. */
function damaged(body: Json): fc.Arbitrary<Json> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return fc.constant(body);
  const names = Object.keys(body);
  const whole = fc.constant<Json>(body);
  if (names.length === 0) return whole;
  const changed = fc
    .tuple(fc.constantFrom(...names, 'unknown'), JUNK)
    .map(([name, value]) => ({ ...body, [name]: value }));
  const without = fc
    .constantFrom(...names)
    .map((name) => Object.fromEntries(Object.entries(body).filter(([one]) => one !== name)));
  return fc.oneof(whole, changed, without);
}

/** Values as a schema describes them, with junk here and there. */
class SchemaValues {
  constructor(private readonly schemas: Readonly<Record<string, Schema>>) {}

  of(schema: Schema, depth: number): fc.Arbitrary<Json> {
    if (depth > MAX_DEPTH) return JUNK;
    const value = this.plain(schema, depth);
    return fc.oneof({ arbitrary: value, weight: 9 }, JUNK);
  }

  private plain(schema: Schema, depth: number): fc.Arbitrary<Json> {
    const { $ref, allOf, oneOf, items, properties, example, type } = schema;
    if ($ref) return this.of(this.schemas[$ref.replace('#/components/schemas/', '')] ?? {}, depth);
    const parts = allOf ?? oneOf ?? [];
    if (parts.length > 0) return fc.oneof(...parts.map((part) => this.of(part, depth)));
    const known = example === undefined ? [] : [fc.constant(example)];
    if (type === 'array') return fc.oneof(...known, fc.array(this.of(items ?? {}, depth + 1), { maxLength: 3 }));
    if (properties) return this.object(properties, schema.required ?? [], depth);
    if (type === 'integer' || type === 'number')
      return fc.oneof(...known, fc.integer({ min: -2, max: 64 }), fc.double());
    if (type === 'boolean') return fc.boolean();
    if (type === 'string') return fc.oneof(...known, fc.string({ maxLength: 10 }));
    return fc.oneof(...known, JUNK);
  }

  private object(
    properties: Readonly<Record<string, Schema>>,
    required: readonly string[],
    depth: number,
  ): fc.Arbitrary<Json> {
    const fields = Object.entries(properties).map(([name, field]) => [name, this.of(field, depth + 1)] as const);
    const requiredKeys = required.filter((name) => name in properties);
    return fc.record(Object.fromEntries(fields), { requiredKeys });
  }
}
