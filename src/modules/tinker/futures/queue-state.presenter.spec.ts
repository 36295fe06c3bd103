import { describe, expect, it } from 'vitest';
import { type FutureState, type QueueLoad } from '../../futures/index.js';
import { type OwnLimits, type WindowUse } from '../../keys/index.js';
import { type Standstill, type WorkersService } from '../../workers/index.js';
import { TinkerQueueState } from './queue-state.presenter.js';

const state = (status: FutureState['status'], queuePosition: number): FutureState => ({
  requestId: 'future_1',
  modelId: 'm',
  kind: 'optim_step',
  status,
  queuePosition,
  result: null,
  error: null,
  createdAt: new Date(0),
  startedAt: null,
  finishedAt: null,
});

const queueState = (standstill: Standstill | null, pressure: string | null = null, reached?: WindowUse) =>
  new TinkerQueueState(
    { standstill: () => Promise.resolve(standstill) } as Partial<WorkersService> as WorkersService,
    { describePressure: () => Promise.resolve(pressure) } as Partial<QueueLoad> as QueueLoad,
    { reached: () => Promise.resolve(reached) } as Partial<OwnLimits> as OwnLimits,
  );

describe('TinkerQueueState', () => {
  it.each([
    ['running', 0, 'the request is running'],
    ['pending', 0, 'the request is next'],
    ['pending', 1, '1 request is ahead of it'],
    ['pending', 3, '3 requests are ahead of it'],
  ] as const)('of a %s request behind %i others', async (status, ahead, reason) => {
    expect(await queueState(null).describe(state(status, ahead))).toEqual({
      type: 'try_again',
      request_id: 'future_1',
      queue_state: 'active',
      queue_state_reason: reason,
    });
  });

  it('in a long queue', async () => {
    const long = queueState(null, 'the workers are busy: 60 requests wait');
    expect(await long.describe(state('pending', 3))).toMatchObject({
      queue_state: 'paused_capacity',
      queue_state_reason: '3 requests are ahead of it; the workers are busy: 60 requests wait',
    });
    expect((await long.describe(state('running', 0))).queue_state).toBe('active');
  });

  it('of a key that has reached a limit', async () => {
    const resetsAt = new Date('2026-11-29T12:01:00Z');
    const use = { limit: 'tokensPerMinute', allowed: 100, used: 120, resetsAt, resetsInMs: 1000 } as const;
    expect(await queueState(null, null, use).describe(state('pending', 0))).toMatchObject({
      queue_state: 'paused_rate_limit',
      queue_state_reason:
        'the request is next; 120 of 100 tokens_per_minute are used, new requests are refused until 2026-11-29T12:01:00.000Z',
    });
  });

  it('while nothing starts', async () => {
    const still = queueState({ cause: 'paused', reason: 'the operator has paused the queue (new disks)' });
    expect(await still.describe(state('pending', 3))).toMatchObject({
      queue_state: 'paused_capacity',
      queue_state_reason: 'the operator has paused the queue (new disks); the request is pending',
    });
    expect((await still.describe(state('running', 0))).queue_state).toBe('active');
  });
});
