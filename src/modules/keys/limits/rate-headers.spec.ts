import { expect, it } from 'vitest';
import { duration } from './rate-headers.js';

it.each([
  [17, '17ms'],
  [1000, '1s'],
  [59_001, '1m0s'],
  [360_000, '6m0s'],
  [18_006_000, '5h0m6s'],
])('%i ms are written as OpenAI does: %s', (ms, written) => {
  expect(duration(ms)).toBe(written);
});
