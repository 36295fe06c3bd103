import { describe, expect, it } from 'vitest';
import { Pauses } from './pauses.js';

describe('Pauses', () => {
  it('double up to a limit, and begin anew after a success', () => {
    let now = 0;
    const pauses = new Pauses(() => now);
    const lengths = [1, 2, 3, 4, 5, 6, 7, 8].map(() => pauses.extend('a'));
    expect(lengths).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000]);
    expect(pauses.isPaused('a')).toBe(true);
    expect(pauses.isPaused('b')).toBe(false);
    now = 20_000;
    expect(pauses.isPaused('a')).toBe(false);
    pauses.end('a');
    expect(pauses.extend('a')).toBe(500);
  });

  it('forget a queue that is not tried any more', () => {
    let now = 0;
    const pauses = new Pauses(() => now);
    pauses.extend('a');
    pauses.extend('a');
    now = 60_000;
    expect(pauses.isPaused('a')).toBe(false);
    expect(pauses.extend('a')).toBe(500);
  });
});
