import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeBackend } from '../../../../test/support/fake-backend/fake-backend.js';
import { EngineStoppedError } from '../../../compute/engine-stopped.error.js';
import { type DispatchListener } from '../work-period.js';
import { ComputeWorker } from './compute-worker.js';

/** An engine that, once it has ended, waits for something that does not come, until it is stopped. */
class WaitingBackend extends FakeBackend {
  stops = 0;
  private starts = 0;
  private giveUp: (error: Error) => void = () => undefined;

  override async start(): Promise<void> {
    if (this.starts++ > 0) await new Promise<void>((_, reject) => (this.giveUp = reject));
    else await super.start();
  }

  override stop(): Promise<void> {
    this.stops++;
    this.giveUp(new EngineStoppedError('it was stopped'));
    return Promise.resolve();
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  for (const level of ['log', 'warn', 'error'] as const) vi.spyOn(Logger.prototype, level).mockReturnValue(undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('ComputeWorker', () => {
  it('ends while its engine is being started again, and waits without end', async () => {
    const backend = new WaitingBackend();
    let listener: DispatchListener | undefined;
    const done = () => Promise.resolve();
    const intake = {
      open: (_id: string, told: DispatchListener) => void (listener = told),
      close: () => undefined,
      drained: done,
      drain: () => Promise.resolve(true),
    };
    const worker = new ComputeWorker(
      { shutdownGraceS: 30 } as never,
      backend,
      { connect: done, start: done, stop: done } as never,
      { start: () => undefined, releaseAll: done } as never,
      intake as never,
      { drain: done } as never,
    );
    await worker.onApplicationBootstrap();
    listener?.onEngineLost();
    const ended = worker.beforeApplicationShutdown();
    await vi.advanceTimersByTimeAsync(10_000);
    await ended;
    expect(backend.stops).toBeGreaterThan(0);
  });
});
