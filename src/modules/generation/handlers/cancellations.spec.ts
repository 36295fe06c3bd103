import { expect, it } from 'vitest';
import { EVENT_CHANNELS, EventBus, type EventChannel, type EventListener } from '../../../events/event-bus.js';
import { Cancellations } from './cancellations.js';

class LocalEvents extends EventBus {
  private readonly listeners: EventListener[] = [];

  override async publish(channel: EventChannel, payload: string): Promise<void> {
    expect(channel).toBe(EVENT_CHANNELS.requestCancelled);
    for (const listener of this.listeners) listener.onEvent(payload);
  }

  override subscribe(channel: EventChannel, listener: EventListener): () => void {
    expect(channel).toBe(EVENT_CHANNELS.requestCancelled);
    this.listeners.push(listener);
    return () => undefined;
  }
}

const events = new LocalEvents();
const cancellations = new Cancellations(events);
const cancel = (requestId: string) => events.publish(EVENT_CHANNELS.requestCancelled, requestId);

it('aborts the request that is cancelled while it runs, and no other', async () => {
  const aborted = await cancellations.run('mine', async (mine) =>
    cancellations.run('other', async (other) => {
      await cancel('mine');
      return [mine.aborted, other.aborted];
    }),
  );
  expect(aborted).toEqual([true, false]);
});

it('starts a request with an aborted signal when it was cancelled just before', async () => {
  await cancel('early');
  expect(await cancellations.run('early', async (signal) => signal.aborted)).toBe(true);
});

it('forgets cancellations that are long past', async () => {
  await cancel('long ago');
  for (let i = 0; i < 1024; i++) await cancel(`later ${i}`);
  expect(await cancellations.run('long ago', async (signal) => signal.aborted)).toBe(false);
  expect(await cancellations.run('later 0', async (signal) => signal.aborted)).toBe(true);
});
