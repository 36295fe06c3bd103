import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeBackend } from '../../../../test/support/fake-backend/fake-backend.js';
import { type ComputeBackend } from '../../../compute/compute-backend.js';
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

/** An engine that can end by itself. */
class MortalBackend extends FakeBackend {
  starts = 0;

  override async start(): Promise<void> {
    this.starts++;
    await super.start();
  }

  die(): void {
    this.notifyLoss({ kind: 'engine' });
  }
}

/** A worker whose surroundings do nothing but count how often work is taken in. */
function workerOf(backend: ComputeBackend): { worker: ComputeWorker; opened: DispatchListener[] } {
  const opened: DispatchListener[] = [];
  const done = () => Promise.resolve();
  const intake = {
    open: (_id: string, told: DispatchListener) => void opened.push(told),
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
  return { worker, opened };
}

describe('ComputeWorker', () => {
  it('starts an engine that ended while nothing ran on it, once, and takes work again', async () => {
    const backend = new MortalBackend();
    const { worker, opened } = workerOf(backend);
    await worker.onApplicationBootstrap();
    backend.die();
    await vi.advanceTimersByTimeAsync(0);
    expect({ starts: backend.starts, opened: opened.length }).toEqual({ starts: 2, opened: 2 });

    backend.die();
    opened[1]!.onEngineLost();
    await vi.advanceTimersByTimeAsync(0);
    expect({ starts: backend.starts, opened: opened.length }).toEqual({ starts: 3, opened: 3 });
  });

  it('does not start an engine again that it has stopped itself', async () => {
    const backend = new MortalBackend();
    const { worker } = workerOf(backend);
    await worker.onApplicationBootstrap();
    await worker.beforeApplicationShutdown();
    backend.die();
    await vi.advanceTimersByTimeAsync(0);
    expect(backend.starts).toBe(1);
  });

  it('ends while its engine is being started again, and waits without end', async () => {
    const backend = new WaitingBackend();
    const { worker, opened } = workerOf(backend);
    await worker.onApplicationBootstrap();
    opened[0]!.onEngineLost();
    const ended = worker.beforeApplicationShutdown();
    await vi.advanceTimersByTimeAsync(10_000);
    await ended;
    expect(backend.stops).toBeGreaterThan(0);
  });
});
