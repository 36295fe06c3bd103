import { describe, expect, it } from 'vitest';
import { type ListedLoss, type LossFilter, pageOf } from './loss-page.js';

const loss = (name: string, version: number | null): ListedLoss => ({
  metadata: { name, description: '', inputs: [], config: [] },
  version,
  shadowed: false,
});
const ALL = [loss('ppo', null), loss('dro', null), loss('B', 2), loss('a', 1), loss('my_dpo', 1), loss('ppo', 3)];
const names = (filter: LossFilter) => pageOf(ALL, filter).losses.map(({ metadata }) => metadata.name);

describe('pageOf', () => {
  it('is all of them without a filter', () => {
    expect(pageOf(ALL, {})).toEqual({ losses: ALL, nextCursor: null });
  });

  it.each([1, 2, 3, 4, 5, 6])('gives each once with pages of %d', (limit) => {
    const seen: ListedLoss[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = pageOf(ALL, { limit, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.losses);
      expect(page.losses.length).toBe(Math.min(limit, ALL.length - seen.length + page.losses.length));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(ALL);
  });

  it('filters by a part of the name and by origin, before it counts', () => {
    expect(names({ name: 'P' })).toEqual(['ppo', 'my_dpo', 'ppo']);
    expect(names({ origin: 'server' })).toEqual(['ppo', 'dro']);
    expect(pageOf(ALL, { name: 'p', origin: 'own', limit: 1 })).toEqual({ losses: [ALL[4]], nextCursor: 'own.my_dpo' });
  });

  it('goes on after a loss that has been deleted meanwhile', () => {
    expect(names({ cursor: 'own.aa' })).toEqual(['my_dpo', 'ppo']);
    expect(names({ cursor: 'own.zz' })).toEqual([]);
  });

  it.each(['', 'ppo', 'server.gone', 'other.ppo', 'own.', '__proto__'])('refuses the cursor %j', (cursor) => {
    expect(() => pageOf(ALL, { cursor })).toThrow(/cursor is not a cursor returned by this list/);
  });
});
