import { describe, expect, it } from 'vitest';
import { isStorable } from './is-storable.js';

describe('text for the database', () => {
  it.each(['', 'é', '\u{1F600}', 'a\tb', 5, null, { a: ['b', { c: 'd' }] }])('takes %j', (value) => {
    expect(isStorable(value)).toBe(true);
  });

  it.each(['a\0b', '\ud800', '\udc00x', ['\0'], { '\0': 'a' }, { a: [{ b: '\ud83d' }] }])('refuses %j', (value) => {
    expect(isStorable(value)).toBe(false);
  });
});
