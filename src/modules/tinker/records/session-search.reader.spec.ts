import { describe, expect, it } from 'vitest';
import { FINISH_REASONS } from '../../sessions/index.js';
import { readSessionSearch } from './session-search.reader.js';

describe('a search for sessions', () => {
  it('lets everything through, where nothing is asked', () => {
    expect(readSessionSearch({})).toEqual({ filter: {}, limit: 50, isAboutCaller: true });
  });

  it('reads names as words, states and the cursor', () => {
    const { filter } = readSessionSearch({
      display_name: ' two  words ',
      statuses: [{ type: 'active' }, { type: 'client_finished' }],
      cursor: { last_created_at: '2026-11-23T00:00:00Z', last_session_id: 's' },
    });
    expect(filter).toEqual({
      words: ['two', 'words'],
      states: { open: true, finished: FINISH_REASONS },
      after: { createdAt: new Date('2026-11-23T00:00:00Z'), id: 's' },
    });
  });

  it("is not about the caller, where it is for others' sessions only", () => {
    const isAboutCaller = (owner_urns: string[]) =>
      readSessionSearch({ owner: { type: 'user', owner_urns } }).isAboutCaller;
    expect([isAboutCaller(['local']), isAboutCaller(['somebody'])]).toEqual([true, false]);
  });

  it.each([
    [{ cursor: { last_created_at: 'x', last_session_id: 's' } }, 'cursor.last_created_at'],
    [{ user_metadata: { a: 1 } }, 'user_metadata.a'],
  ])('refuses %j', (body, field) => {
    expect(() => readSessionSearch(body as object)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ field }) as object }) as Error,
    );
  });
});
