import { expect, it } from 'vitest';
import { EVENT_CHANNELS, EventBus, type EventChannel, type EventListener } from '../../../events/event-bus.js';
import { AppError } from '../../../common/errors/app-error.js';
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
const request = (requestId: string, deadline = Infinity) => ({ requestId, deadline });
const cancel = (requestId: string) => events.publish(EVENT_CHANNELS.requestCancelled, requestId);

it('aborts the request that is cancelled while it runs, and no other', async () => {
  const aborted = await cancellations.run(request('mine'), async (mine) =>
    cancellations.run(request('other'), async (other) => {
      await cancel('mine');
      return [mine.aborted, other.aborted];
    }),
  );
  expect(aborted).toEqual([true, false]);
});

it('starts a request with an aborted signal when it was cancelled just before', async () => {
  await cancel('early');
  expect(await cancellations.run(request('early'), async (signal) => signal.aborted)).toBe(true);
});

it('forgets cancellations that are long past', async () => {
  await cancel('long ago');
  for (let i = 0; i < 1024; i++) await cancel(`later ${i}`);
  expect(await cancellations.run(request('long ago'), async (signal) => signal.aborted)).toBe(false);
  expect(await cancellations.run(request('later 0'), async (signal) => signal.aborted)).toBe(true);
});

/** Computes until it is given up, as the engine does. */
const compute = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new AppError('cancelled', 'user', 409, 'given up')));
  });

it('fails a request that runs at its deadline with another code than one that is cancelled', async () => {
  const overdue = cancellations.run(request('overdue', performance.now() + 10), compute);
  await expect(overdue).rejects.toMatchObject({ code: 'deadline_exceeded', status: 504 });
  const cancelled = cancellations.run(request('cancelled', performance.now() + 60_000), compute);
  await cancel('cancelled');
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
});
