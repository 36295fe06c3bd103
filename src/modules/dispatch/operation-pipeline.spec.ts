import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DispatchBench } from '../../../test/support/service/dispatch-bench.js';
import { waitFor } from '../../../test/support/wait-for.js';
import { DatabaseOutageError } from '../../common/errors/database-outage.error.js';
import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { StorageFullError } from '../../common/errors/storage.errors.js';
import { EngineStoppedError } from '../../compute/engine-stopped.error.js';
import { type Operation, type OperationListener, type SettledOutcome } from '../futures/index.js';

const A = 'adapter_a';
const B = 'adapter_b';
const C = 'adapter_c';

beforeEach(() => {
  for (const level of ['warn', 'error'] as const) vi.spyOn(Logger.prototype, level).mockReturnValue(undefined);
});
afterEach(() => void vi.restoreAllMocks());

/** After everything that can happen without a timer has happened. */
const settled = async () => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** Keeps a list of what it is told. */
class Recorder implements OperationListener {
  readonly told: string[] = [];
  begun({ requestId }: Operation): Promise<void> {
    this.told.push(`begun ${requestId}`);
    return Promise.resolve();
  }
  settled({ requestId }: Operation, outcome: SettledOutcome): Promise<void> {
    this.told.push(`${outcome} ${requestId}`);
    return Promise.resolve();
  }
}

describe('an operation during which workers have died', () => {
  it('runs alone, and begins in the log only when its turn has come', async () => {
    const bench = new DispatchBench();
    const gates = ['a', 'suspect', 'c'].map((id) => bench.script.hold(id));
    bench.log.add('a', 'forward', A);
    bench.log.add('suspect', 'forward', B, { crashes: 2 });
    bench.log.add('c', 'forward', C);
    const [a, suspect] = [bench.dispatch('a'), bench.dispatch('suspect')];
    await settled();
    expect(bench.script.events).toEqual(['start a']);
    expect(bench.log.calls).not.toContain('begin suspect');
    const c = bench.dispatch('c');
    gates[0]!.open();
    await settled();
    expect(bench.script.events).toEqual(['start a', 'end a', 'start suspect']);
    expect(bench.log.calls).toContain('begin suspect');
    gates[1]!.open();
    await settled();
    expect(bench.script.events.slice(3)).toEqual(['end suspect', 'start c']);
    gates[2]!.open();
    await Promise.all([a, suspect, c]);
  });

  it('is handed back where the worker has closed before its turn', async () => {
    const bench = new DispatchBench();
    const gate = bench.script.hold('a');
    bench.log.add('a', 'forward', A);
    bench.log.add('suspect', 'forward', B, { crashes: 2 });
    const all = [bench.dispatch('a'), bench.dispatch('suspect')];
    await settled();
    bench.dispatcher.pause();
    gate.open();
    await Promise.all(all);
    await bench.dispatcher.drained();
    expect(bench.log.row('a').status).toBe('completed');
    expect(bench.log.row('suspect').status).toBe('pending');
    expect(bench.script.starts('suspect')).toBe(0);
  });
});

describe('the outcome of an operation', () => {
  it('is stored where it failed, with its code, and rejects the job', async () => {
    const recorder = new Recorder();
    const bench = new DispatchBench({}, [recorder]);
    bench.script.failWith('op', new InvalidRequestError('not like this'));
    bench.log.add('op', 'optim_step', A);
    bench.log.add('next', 'optim_step', A);
    const next = bench.dispatch('next');
    await expect(bench.dispatch('op')).rejects.toThrow('not like this');
    expect(bench.log.row('op')).toMatchObject({ status: 'failed', error: { code: 'invalid_request' } });
    await next;
    expect(recorder.told).toEqual(['begun op', 'failed op', 'begun next', 'completed next']);
  });

  it('does not depend on listeners that fail', async () => {
    const recorder = new Recorder();
    const broken: OperationListener = {
      begun: () => Promise.reject(new Error('no')),
      settled: () => Promise.reject(new Error('no')),
    };
    const bench = new DispatchBench({}, [broken, recorder]);
    bench.log.add('op', 'optim_step', A);
    await bench.dispatch('op');
    expect(bench.log.row('op').status).toBe('completed');
    expect(recorder.told).toEqual(['begun op', 'completed op']);
  });

  it('is kept until the database takes it', async () => {
    const bench = new DispatchBench();
    bench.log.failures.set('complete', [new Error('terminating connection'), new Error('starting up')]);
    bench.log.add('op', 'optim_step', A);
    await bench.dispatch('op');
    expect(bench.script.starts('op')).toBe(1);
    expect(bench.log.calls.filter((call) => call === 'complete op')).toHaveLength(3);
  });

  it('becomes a failure where the database can never take it', async () => {
    const refusal = Object.assign(new Error('invalid'), {
      driverError: Object.assign(new Error('invalid'), { code: '22P05' }),
    });
    const recorder = new Recorder();
    const bench = new DispatchBench({}, [recorder]);
    bench.log.failures.set('complete', [refusal]);
    bench.log.add('op', 'optim_step', A);
    await expect(bench.dispatch('op')).rejects.toMatchObject({ code: 'internal_error' });
    expect(bench.log.row('op').status).toBe('failed');
    expect(recorder.told).toEqual(['begun op', 'failed op']);
  });

  it('is dropped where another worker has taken the adapter, and the worker is told', async () => {
    const recorder = new Recorder();
    const bench = new DispatchBench({}, [recorder]);
    const gate = bench.script.hold('op');
    bench.log.add('op', 'optim_step', A);
    const run = bench.dispatch('op');
    await settled();
    bench.log.fenced.add('op');
    gate.open();
    await run;
    expect(bench.told).toEqual([`fenced ${A}`]);
    expect(recorder.told).toEqual(['begun op']);
  });

  it('is given up when the worker abandons what it cannot store', async () => {
    const bench = new DispatchBench();
    const outage = new Error('the database is gone');
    bench.log.failures.set(
      'complete',
      Array.from({ length: 100 }, () => outage),
    );
    bench.log.add('op', 'optim_step', A);
    const run = bench.dispatch('op');
    await waitFor('it is tried', () => bench.log.calls.includes('complete op'));
    bench.dispatcher.pause();
    bench.dispatcher.abandon();
    await run;
    await bench.dispatcher.drained();
    expect(bench.log.row('op').status).toBe('running');
  });
});

describe('an operation that waits again', () => {
  it('after the end of the engine is counted as crashed, and nothing begins before the worker is told', async () => {
    const recorder = new Recorder();
    const bench = new DispatchBench({}, [recorder]);
    const told = bench.told;
    bench.script.failWith('op', new EngineStoppedError('killed'), 1);
    bench.log.add('op', 'optim_step', A);
    const seen: number[] = [];
    const begin = bench.script.run.bind(bench.script);
    bench.script.run = (operation) => {
      seen.push(told.length);
      return begin(operation);
    };
    await bench.dispatch('op');
    expect(bench.log.row('op')).toMatchObject({ crashes: 1 });
    expect(told).toEqual(['engine lost']);
    expect(seen.every((count, run) => count === run)).toBe(true);
    expect(recorder.told).not.toContain('failed op');
  });

  it('after an outage of the database is put back once the listeners have dropped what it did', async () => {
    const recorder = new Recorder();
    const bench = new DispatchBench({}, [recorder]);
    bench.script.failWith('op', new DatabaseOutageError(new Error('gone')), 1);
    bench.log.add('op', 'optim_step', A);
    await bench.dispatch('op');
    await waitFor('it has run again', () => bench.log.row('op').status === 'completed');
    expect(recorder.told).toEqual(['begun op', 'failed op', 'begun op', 'completed op']);
    expect(bench.log.row('op').crashes).toBe(0);
  });

  it('for space on the disk pauses its queue, and no other', async () => {
    const bench = new DispatchBench();
    bench.script.failWith('full', new StorageFullError('a checkpoint', '/data'), 1);
    bench.log.add('full', 'save_weights', A);
    bench.log.add('other', 'optim_step', B);
    await bench.dispatch('full');
    expect(bench.log.row('full').status).toBe('pending');
    await bench.dispatcher.sweep();
    await waitFor('the other has run', () => bench.log.row('other').status === 'completed');
    expect(bench.script.starts('full')).toBe(1);
    await waitFor('the pause is over', async () => {
      await bench.dispatcher.sweep();
      return bench.log.row('full').status === 'completed';
    });
  });
});
