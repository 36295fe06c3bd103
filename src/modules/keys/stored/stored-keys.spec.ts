import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EVENT_CHANNELS, EventBus, type EventListener } from '../../../events/event-bus.js';
import { type ApiKeyEntity } from '../entities/api-key.entity.js';
import { KEY_SCOPES } from '../scopes/key-scope.js';
import { StoredKeys } from './stored-keys.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class OneListener extends EventBus {
  listener: EventListener | undefined;

  publish(): Promise<void> {
    return Promise.resolve();
  }

  subscribe(channel: string, listener: EventListener): () => void {
    expect(channel).toBe(EVENT_CHANNELS.apiKeyChanged);
    this.listener = listener;
    return () => (this.listener = undefined);
  }
}

const KEY = {
  name: 'for tests',
  hash: '',
  scopes: [...KEY_SCOPES],
  priority: 0,
  limits: {},
  createdAt: new Date(0),
  expiresAt: null,
  lastUsedAt: null,
};

/** Keys in a database, of which every look is counted. */
function world() {
  const table = new Map<string, Date | null>([['old', null]]);
  const events = new OneListener();
  let looks = 0;
  const find = (): Promise<ApiKeyEntity[]> => {
    looks++;
    return Promise.resolve([...table].map(([id, revokedAt]) => ({ ...KEY, id, revokedAt })));
  };
  const keys = new StoredKeys(events, { find });
  keys.onModuleInit();
  return { table, events, keys, looks: () => looks };
}

it('finds a key that was made after the last look', async () => {
  const { table, keys } = world();
  expect(await keys.find('old')).toBeDefined();
  table.set('new', null);
  expect(await keys.find('new')).toBeDefined();
});

it('looks once a second for unknown keys, however many come, and never for known ones', async () => {
  const { keys, looks } = world();
  await keys.find('old');
  const before = looks();
  for (let second = 0; second < 3; second++) {
    const wrong = Array.from({ length: 100 }, (_, i) => `wrong ${second} ${i}`);
    expect((await Promise.all(wrong.map((id) => keys.find(id)))).every((key) => key === undefined)).toBe(true);
    for (const id of wrong) await keys.find(id);
    await keys.find('old');
    expect(looks() - before).toBe(second + 1);
    vi.advanceTimersByTime(1001);
  }
});

it('finds a key that is made while others look for unknown ones, once it is told of it', async () => {
  const { table, events, keys } = world();
  await keys.find('wrong');
  table.set('new', null);
  events.listener!.onEvent('new');
  expect(await keys.find('new')).toBeDefined();
});

it('refuses a key once it is told that it was revoked, and after five seconds if nobody tells it', async () => {
  const { table, events, keys } = world();
  expect(await keys.find('old')).toBeDefined();
  table.set('old', new Date());
  vi.advanceTimersByTime(4999);
  expect(await keys.find('old')).toBeDefined();
  vi.advanceTimersByTime(2);
  expect(await keys.find('old')).toBeUndefined();

  table.set('old', null);
  await keys.reload();
  table.set('old', new Date());
  events.listener!.onEvent('old');
  await vi.waitFor(async () => expect(await keys.find('old')).toBeUndefined());
  expect(await keys.areThereAny()).toBe(true);
});
