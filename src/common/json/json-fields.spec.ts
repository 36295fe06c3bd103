import { expect, it } from 'vitest';
import { describe as worded, refuseUnknownFields } from './json-fields.js';

it('says which field is not known, but never at any length', () => {
  expect(() => refuseUnknownFields({ b: 1 }, ['a'], 'body')).toThrow('body.b is not a known field. Known fields: a.');
  expect(() => refuseUnknownFields({ tokns: 1 }, ['type', 'tokens'], 'c')).toThrow(
    'c.tokns is not a known field. Did you mean tokens? Known fields: type, tokens.',
  );
  expect(() => refuseUnknownFields({ ['x'.repeat(1e6)]: 1 }, ['a'], '')).toThrow(/^x{80}\.\.\. is not a known field/);
});

it.each([
  [1n, '1'],
  [{ toString: 1 }, 'an object'],
  ['x'.repeat(1000), `'${'x'.repeat(24)}...'`],
])('puts a value into few words: case %#', (value, words) => {
  expect(worded(value)).toBe(words);
});
