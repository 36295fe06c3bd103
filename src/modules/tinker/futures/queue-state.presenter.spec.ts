import { describe, expect, it } from 'vitest';
import { type FutureState, type QueueLoad } from '../../futures/index.js';
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

const queueState = (standstill: Standstill | null, pressure: string | null = null) =>
  new TinkerQueueState(
    { standstill: () => Promise.resolve(standstill) } as Partial<WorkersService> as WorkersService,
    { describePressure: () => Promise.resolve(pressure) } as Partial<QueueLoad> as QueueLoad,
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

  it('while nothing starts', async () => {
    const still = queueState({ cause: 'paused', reason: 'the operator has paused the queue (new disks)' });
    expect(await still.describe(state('pending', 3))).toMatchObject({
      queue_state: 'paused_capacity',
      queue_state_reason: 'the operator has paused the queue (new disks); the request is pending',
    });
    expect((await still.describe(state('running', 0))).queue_state).toBe('active');
  });
});
