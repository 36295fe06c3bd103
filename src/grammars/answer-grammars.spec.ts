import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../compute/numerics/random.js';
import { ANY_OBJECT, AnswerGrammarBuilder, schemaAnswerGrammar } from './answer-grammars.js';
import { GrammarEngine } from './engine/grammar-engine.js';
import { toVocabulary } from './vocabulary.js';

/* Answers drawn at random from what grammars allow are checked by ajv. */

const engine = new GrammarEngine();
const TEXTS = [
  '',
  '{"',
  '": ',
  '", "',
  '"}',
  '}}',
  ', ',
  'true',
  'null',
  '1',
  '12',
  ' é',
  '\n',
  '"a',
  'a"',
  '\\n',
  '\\u00',
  '[]',
  '🙂',
];
const encoder = new TextEncoder();
/** All bytes, some longer tokens, and one that ends the answer. */
const BYTES = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
const TOKENS = [...BYTES, ...TEXTS.map((text) => encoder.encode(text))];
const END = TOKENS.length;
const CLOSING = new Set('"]}0123456789-:TZ, '.split('').map((character) => character.charCodeAt(0)));

/** An answer; null when it has not ended after 600 tokens. Tokens that close something are likelier than others. */
async function draw(ebnf: string, random: RandomStream): Promise<string | null> {
  const [state] = await engine.open({
    ebnf,
    vocabularyKey: 'test',
    vocabulary: () => toVocabulary([...TOKENS, null]),
    vocabSize: END + 1,
    stopTokens: [END],
    count: 1,
  });
  const bytes: number[] = [];
  for (let position = 0; position < 600; position++) {
    const allowed = Array.from({ length: END + 1 }, (_, id) => id).filter(
      (id) => (state!.mask[id >> 5]! >>> (id & 31)) & 1,
    );
    const closing = allowed.filter((id) => id === END || CLOSING.has(id));
    const from = closing.length > 0 && random.uniform(2 * position) < 0.7 ? closing : allowed;
    const token = from[Math.floor(random.uniform(2 * position + 1) * from.length)]!;
    if (token === END) {
      state!.close();
      return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes));
    }
    for (const byte of TOKENS[token]!) bytes.push(byte);
    state!.accept(token);
    await state!.settled();
  }
  state!.close();
  return null;
}

const person = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 0, maximum: 130 } },
  required: ['name'],
};
const strict = (properties: object) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const SCHEMAS: [string, object | boolean][] = [
  ['anything', true],
  ['an object', { type: 'object' }],
  ['a list', { type: 'array' }],
  ['a boolean or nothing', { type: ['boolean', 'null'] }],
  ['optional properties', person],
  ['required properties', strict({ a: { type: 'string' }, b: { type: 'number' }, c: { type: 'boolean' } })],
  [
    'only optional properties',
    { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'null' }, c: { type: 'boolean' } } },
  ],
  ['optional before required', { ...strict({ a: { type: 'null' }, b: { type: 'boolean' } }), required: ['b'] }],
  [
    'names that need escapes',
    strict({ 'a"b': { type: 'null' }, 'c\\d': { type: 'null' }, 'e\nf': { type: 'null' }, 'ü🙂': { type: 'null' } }),
  ],
  ['a map', { type: 'object', additionalProperties: { type: 'integer' } }],
  [
    'a map with names',
    { type: 'object', propertyNames: { pattern: '^[a-z]{1,3}$' }, additionalProperties: { type: 'boolean' } },
  ],
  ['others beside properties', { ...person, additionalProperties: { type: 'boolean' } }],
  [
    'others beside similar names',
    {
      type: 'object',
      properties: { a: { type: 'null' }, ab: { type: 'null' }, b: { type: 'null' } },
      additionalProperties: { type: 'integer' },
    },
  ],
  [
    'a required name that is not declared',
    { type: 'object', required: ['x', 'y'], additionalProperties: { type: 'integer' } },
  ],
  ['a property that must not be', { type: 'object', properties: { a: false, b: { type: 'null' } } }],
  [
    'nesting',
    strict({
      person: strict({
        names: { type: 'array', items: { type: 'string' } },
        home: strict({ zip: { type: 'string', pattern: '^[0-9]{5}$' } }),
      }),
    }),
  ],
  [
    'values',
    strict({
      color: { type: 'string', enum: ['red', 'gr"een', 'blü\\e'] },
      kind: { const: 'x' },
      size: { enum: [1, 2.5, null, [1, { a: 'b' }]] },
    }),
  ],
  ['values of a type', { type: 'string', enum: ['a', 1, null, 'b'] }],
  ['any of', { anyOf: [{ type: 'string', maxLength: 2 }, { type: 'integer', minimum: 10 }, person] }],
  ['nullable', strict({ a: { anyOf: [{ type: 'string' }, { type: 'null' }] } })],
  [
    'a tagged union',
    {
      oneOf: [
        strict({ kind: { const: 'a' }, x: { type: 'integer' } }),
        strict({ kind: { const: 'b' }, x: { type: 'string' } }),
      ],
    },
  ],
  ['one of several types', { oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'null' }] }],
  ['all of one', strict({ a: { allOf: [{ type: 'boolean' }] } })],
  ['definitions', { $defs: { p: person }, type: 'array', items: { $ref: '#/$defs/p' }, maxItems: 3 }],
  [
    'a tree',
    {
      $defs: {
        node: {
          type: 'object',
          properties: { value: { type: 'integer' }, next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
          required: ['value', 'next'],
        },
      },
      $ref: '#/$defs/node',
    },
  ],
  [
    'itself',
    { type: 'object', properties: { children: { type: 'array', items: { $ref: '#' } } }, required: ['children'] },
  ],
  ['bounds of a list', { type: 'array', items: { type: 'boolean' }, minItems: 2, maxItems: 4 }],
  ['exactly three items', { type: 'array', items: { type: 'null' }, minItems: 3, maxItems: 3 }],
  ['an empty list', { type: 'array', maxItems: 0 }],
  ['a tuple', { type: 'array', prefixItems: [{ type: 'boolean' }, { type: 'null' }], items: false }],
  [
    'a tuple and more',
    { type: 'array', prefixItems: [{ type: 'boolean' }], items: { type: 'null' }, minItems: 2, maxItems: 4 },
  ],
  ['a short string', { type: 'string', minLength: 2, maxLength: 4 }],
  ['a long string', { type: 'string', minLength: 5 }],
  ...(
    [
      [0, 130],
      [-5, 5],
      [7, 7],
      [-100, -10],
      [95, 1234],
      [0, null],
      [null, -1],
      [-9007199254740991, 9007199254740991],
      [1000, 1000000],
    ] as const
  ).map(([minimum, maximum]): [string, object] => [
    `integers from ${minimum} to ${maximum}`,
    { type: 'integer', ...(minimum === null ? {} : { minimum }), ...(maximum === null ? {} : { maximum }) },
  ]),
  ['integers between open bounds', { type: 'integer', exclusiveMinimum: 3, exclusiveMaximum: 6 }],
  ['integers between fractions', { type: 'integer', minimum: 1.5, maximum: 3.5 }],
  ...(
    [
      [0, 1],
      [-1, 1],
      [0.25, 0.75],
      [-2.5, -0.125],
      [3, 3],
      [99.5, 101.25],
      [null, 0],
      [0, null],
      [-273.15, null],
      [1.5, 1.5],
    ] as const
  ).map(([minimum, maximum]): [string, object] => [
    `numbers from ${minimum} to ${maximum}`,
    { type: 'number', ...(minimum === null ? {} : { minimum }), ...(maximum === null ? {} : { maximum }) },
  ]),
  ['numbers between open bounds', { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 0.5 }],
  ['a number above an open bound', { type: 'number', exclusiveMinimum: 1.5, maximum: 2 }],
  ...[
    '^[a-z]+$',
    '^@[a-zA-Z0-9_]{1,8}$',
    '7',
    '^(?:ab|c)?d*$',
    '^1|2$',
    '^.{2,3}$',
    '^\\d{3}-\\d{4}$',
    '^[^a-z]{3}$',
    '^\\w+\\s\\S$',
    '^["\\\\]{2}$',
    '^[\\u00e0-\\u00ff]{1,4}$',
    '^\\t\\n$',
    '^(a(b(c)?)?)$',
  ].map((pattern): [string, object] => [`strings like ${pattern}`, { type: 'string', pattern }]),
  ...['date', 'time', 'date-time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid'].map(
    (format): [string, object] => [`the format ${format}`, { type: 'string', format }],
  ),
];

describe('schemaAnswerGrammar', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: true });
  addFormats.default(ajv);

  it.each(SCHEMAS)('writes nothing but valid JSON for %s', async (name, schema) => {
    const ebnf = schemaAnswerGrammar(schema, 'schema');
    const isValid = ajv.compile(schema);
    const random = new RandomStream(7, name);
    const finished: string[] = [];
    for (let i = 0; i < 12; i++) {
      const answer = await draw(ebnf, new RandomStream(Math.floor(random.uniform(i) * 2 ** 30), name));
      if (answer === null) continue;
      finished.push(answer);
      expect(isValid(JSON.parse(answer)), `${answer}: ${ajv.errorsText(isValid.errors)}`).toBe(true);
    }
    expect(finished.length).toBeGreaterThan(2);
  });

  it('writes any object', async () => {
    const answers = await Promise.all(
      [1, 2, 3, 4].map((seed) => draw(new AnswerGrammarBuilder().build(ANY_OBJECT), new RandomStream(seed, 'object'))),
    );
    expect(answers.filter((answer) => answer !== null).every((answer) => typeof JSON.parse(answer) === 'object')).toBe(
      true,
    );
  });
});
