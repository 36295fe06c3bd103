import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Gate } from '../../../test/support/wait-for.js';
import { type PeriodicRun, PeriodicTask } from './periodic-task.js';

const INTERVAL_MS = 1000;

describe('PeriodicTask', () => {
  const logger = new Logger('task');
  let warnings: string[];

  beforeEach(() => {
    vi.useFakeTimers();
    warnings = [];
    vi.spyOn(logger, 'warn').mockImplementation((line: unknown) => void warnings.push(String(line)));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  function taskOf(run: PeriodicRun, runsAtStart = false): PeriodicTask {
    return new PeriodicTask({ purpose: 'count', intervalMs: INTERVAL_MS, runsAtStart, logger }, run);
  }

  it('runs once per interval, until it is stopped', async () => {
    let runs = 0;
    const task = taskOf(() => runs++);
    task.start();
    expect(runs).toBe(0);
    await vi.advanceTimersByTimeAsync(3 * INTERVAL_MS);
    expect(runs).toBe(3);
    await task.stop();
    await vi.advanceTimersByTimeAsync(3 * INTERVAL_MS);
    expect(runs).toBe(3);
  });

  it('runs at the start where asked to', async () => {
    let runs = 0;
    const task = taskOf(() => runs++, true);
    task.start();
    expect(runs).toBe(1);
    await task.stop();
  });

  it('starts no run while one is going on', async () => {
    const gate = new Gate();
    let runs = 0;
    const task = taskOf(async () => {
      runs++;
      await gate.passed;
    });
    task.start();
    await vi.advanceTimersByTimeAsync(5 * INTERVAL_MS);
    expect(runs).toBe(1);
    gate.open();
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(runs).toBe(2);
    await task.stop();
  });

  it('logs a failed run and goes on', async () => {
    let runs = 0;
    const task = taskOf(() => {
      runs++;
      if (runs === 1) throw new Error('the database is gone');
    });
    task.start();
    await vi.advanceTimersByTimeAsync(2 * INTERVAL_MS);
    expect(runs).toBe(2);
    expect(warnings).toEqual(['Could not count; retrying in 1 s: Error: the database is gone']);
    await task.stop();
  });

  it('waits on stop for the run that is going on, and tells it to end', async () => {
    const gate = new Gate();
    const events: string[] = [];
    const task = taskOf(async (stopping) => {
      stopping.addEventListener('abort', () => events.push('told'));
      await gate.passed;
      events.push('ended');
    });
    task.start();
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    const stopped = task.stop().then(() => events.push('stopped'));
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(events).toEqual(['told']);
    gate.open();
    await stopped;
    expect(events).toEqual(['told', 'ended', 'stopped']);
  });

  it('does not wait for a run without an end for ever', async () => {
    const gate = new Gate();
    const task = taskOf(() => gate.passed);
    task.start();
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    let stopped = false;
    const stopping = task.stop().then(() => (stopped = true));
    await vi.advanceTimersByTimeAsync(4999);
    expect(stopped).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await stopping;
    gate.open();
  });

  it('can be run outside its interval, joining a run that is going on', async () => {
    const gate = new Gate();
    let runs = 0;
    const task = taskOf(async () => {
      runs++;
      await gate.passed;
    });
    const both = Promise.all([task.runNow(), task.runNow()]);
    gate.open();
    await both;
    expect(runs).toBe(1);
  });

  it('can be started again', async () => {
    const aborted: boolean[] = [];
    const task = taskOf((stopping) => aborted.push(stopping.aborted));
    task.start();
    await task.stop();
    task.start();
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(aborted).toEqual([false]);
    await task.stop();
  });

  it('does not keep the process alive', async () => {
    vi.useRealTimers();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const task = taskOf(() => undefined);
    task.start();
    expect(timers()).toBe(before);
    await task.stop();
  });
});
