import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DispatchBench } from '../../../test/support/service/dispatch-bench.js';
import { Gate, waitFor } from '../../../test/support/wait-for.js';
import { InvalidRequestError } from '../../common/errors/request.errors.js';

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

describe('the queue of an adapter', () => {
  it('runs its operations one after another in log order, each after the last was stored', async () => {
    const bench = new DispatchBench();
    for (const id of ['one', 'two', 'three']) bench.log.add(id, 'forward_backward', A);
    await Promise.all(['three', 'one', 'two'].map((id) => bench.dispatch(id)));
    expect(bench.script.events).toEqual(['one', 'two', 'three'].flatMap((id) => [`start ${id}`, `end ${id}`]));
    const writes = bench.log.calls.filter((call) => call !== `claimNext ${A}`);
    expect(writes).toEqual(['complete one', 'complete two', 'complete three']);
  });

  it('runs read-only operations side by side, and nothing past one that changes the adapter', async () => {
    const bench = new DispatchBench();
    const gates = ['read1', 'read2', 'write'].map((id) => bench.script.hold(id));
    bench.log.add('read1', 'forward', A);
    bench.log.add('read2', 'generate', A);
    bench.log.add('write', 'optim_step', A);
    bench.log.add('read3', 'forward', A);
    const all = ['read1', 'read2', 'write', 'read3'].map((id) => bench.dispatch(id));
    await settled();
    expect(bench.script.events).toEqual(['start read1', 'start read2']);
    for (const gate of gates.slice(0, 2)) gate.open();
    await settled();
    expect(bench.script.events.slice(4)).toEqual(['start write']);
    gates[2]!.open();
    await Promise.all(all);
    expect(bench.script.events.slice(4)).toEqual(['start write', 'end write', 'start read3', 'end read3']);
  });

  it('takes up a reader that arrives while others run', async () => {
    const bench = new DispatchBench();
    const gate = bench.script.hold('read1');
    bench.log.add('read1', 'forward', A);
    const first = bench.dispatch('read1');
    await settled();
    bench.log.add('read2', 'forward', A);
    await bench.dispatch('read2');
    expect(bench.script.events).toEqual(['start read1', 'start read2', 'end read2']);
    gate.open();
    await first;
  });

  it('runs as many readers at once as the backend has use for', async () => {
    const bench = new DispatchBench();
    const ids = Array.from({ length: 10 }, (_, i) => `read${i}`);
    const gates = ids.map((id) => bench.script.hold(id));
    for (const id of ids) bench.log.add(id, 'generate', A);
    const all = ids.map((id) => bench.dispatch(id));
    await settled();
    expect(bench.script.events).toHaveLength(8);
    for (const gate of gates) gate.open();
    await Promise.all(all);
    expect(bench.script.events).toHaveLength(20);
  });

  it('looks again when it is woken during its last look', async () => {
    const bench = new DispatchBench();
    bench.log.add('early', 'optim_step', A);
    const early = bench.dispatch('early');
    const claimNext = bench.log.claimNext.bind(bench.log);
    let late: Promise<void> | undefined;
    bench.log.claimNext = async (...args) => {
      const row = await claimNext(...args);
      // The look has found nothing; what comes now must not be missed.
      if (row === null && late === undefined) {
        bench.log.add('late', 'optim_step', A);
        late = bench.dispatch('late');
        await settled();
      }
      return row;
    };
    await early;
    await waitFor('the late one has run', () => bench.log.operations[1]?.status === 'completed');
    await late;
  });

  it('is at rest after a look that failed, and is woken by the next sweep', async () => {
    const bench = new DispatchBench({ QUEUE_CONCURRENCY: '1' });
    bench.log.failures.set('claimNext', [new Error('the database is gone')]);
    bench.log.add('op', 'optim_step', A);
    await bench.dispatch('op');
    expect(bench.script.events).toEqual([]);
    expect(bench.dispatcher.isBusy(A)).toBe(false);
    await bench.dispatcher.sweep();
    await waitFor('it has run', () => bench.log.row('op').status === 'completed');
  });

  it('does nothing for requests without an adapter but run them, side by side', async () => {
    const bench = new DispatchBench();
    const gate = bench.script.hold('base1');
    bench.log.add('base1', 'generate', null);
    bench.log.add('base2', 'generate', null);
    const first = bench.dispatch('base1');
    await bench.dispatch('base2');
    expect(bench.script.events).toEqual(['start base1', 'start base2', 'end base2']);
    gate.open();
    await first;
  });
});

describe('what bounds a worker', () => {
  it('holds QUEUE_CONCURRENCY claims, and no row more is claimed before one has ended', async () => {
    const bench = new DispatchBench({ QUEUE_CONCURRENCY: '2' });
    const gate = bench.script.hold('a');
    const other = bench.script.hold('b');
    bench.log.add('a', 'forward', A);
    bench.log.add('b', 'forward', B);
    bench.log.add('c', 'forward', C);
    const all = ['a', 'b', 'c'].map((id) => bench.dispatch(id));
    await settled();
    expect(bench.log.operations.map(({ status }) => status)).toEqual(['running', 'running', 'pending']);
    gate.open();
    await settled();
    expect(bench.log.row('c').status).toBe('completed');
    other.open();
    await Promise.all(all);
  });

  it('runs requests of ADAPTER_CONCURRENCY adapters, as many of each as come together, and any without an adapter', async () => {
    const bench = new DispatchBench({ ADAPTER_CONCURRENCY: '1' });
    const gates = ['a1', 'a2'].map((id) => bench.script.hold(id));
    bench.log.add('a1', 'forward', A);
    bench.log.add('b', 'forward', B);
    bench.log.add('a2', 'forward', A);
    bench.log.add('base', 'generate', null);
    const all = ['a1', 'b', 'a2', 'base'].map((id) => bench.dispatch(id));
    await settled();
    expect([...bench.script.events].sort()).toEqual(['end base', 'start a1', 'start a2', 'start base']);
    gates[0]!.open();
    await settled();
    expect(bench.script.starts('b')).toBe(0);
    gates[1]!.open();
    await Promise.all(all);
    expect(bench.script.starts('b')).toBe(1);
  });

  it('loads large payloads within its budget of bytes, and frees the room of one that failed', async () => {
    const bench = new DispatchBench({ BODIES_IN_FLIGHT_MB: '1' });
    const gate = bench.script.hold('a');
    bench.script.failWith('a', new InvalidRequestError('no'));
    bench.log.add('a', 'forward', A, { isLarge: true });
    bench.log.add('b', 'forward', B, { isLarge: true });
    const [a, b] = [bench.dispatch('a'), bench.dispatch('b')];
    await settled();
    expect(bench.log.row('b').status).toBe('running');
    expect(bench.log.calls).not.toContain('readRequest b');
    gate.open();
    await expect(a).rejects.toThrow('no');
    await b;
    expect(bench.log.calls).toContain('readRequest b');
  });

  it('runs a task in a queue while its operation waits for a slot, and no operation before the task is done', async () => {
    const bench = new DispatchBench({ QUEUE_CONCURRENCY: '1' });
    const holder = bench.script.hold('a');
    bench.log.add('a', 'optim_step', A);
    bench.log.add('b', 'optim_step', B);
    const all = [bench.dispatch('a'), bench.dispatch('b')];
    await settled();
    const task = new Gate();
    let begun = false;
    bench.dispatcher.runWhenIdle(B, async () => {
      begun = true;
      await task.passed;
    });
    expect(begun).toBe(true);
    holder.open();
    await settled();
    expect(bench.script.starts('b')).toBe(0);
    task.open();
    await Promise.all(all);
    expect(bench.script.starts('b')).toBe(1);
  });

  it('runs a task between two operations where one of them is running', async () => {
    const bench = new DispatchBench();
    const gate = bench.script.hold('a');
    bench.log.add('a', 'optim_step', A);
    const run = bench.dispatch('a');
    await settled();
    const order: string[] = [];
    bench.dispatcher.runWhenIdle(A, async () => void order.push(bench.log.row('a').status));
    await settled();
    expect(order).toEqual([]);
    gate.open();
    await run;
    await settled();
    expect(order).toEqual(['completed']);
    expect(bench.dispatcher.isBusy(A)).toBe(false);
  });

  it('survives a task that fails', async () => {
    const bench = new DispatchBench();
    bench.dispatcher.runWhenIdle(A, () => Promise.reject(new Error('the database is gone')));
    await settled();
    expect(bench.dispatcher.isBusy(A)).toBe(false);
  });
});

describe('a flood of one owner', () => {
  const flood = (bench: DispatchBench, count: number) => {
    const ids = Array.from({ length: count }, (_, i) => `flood ${i}`);
    for (const id of ids) bench.log.add(id, 'generate', null, { owner: 'flood' });
    return ids.map((id) => bench.script.hold(id));
  };

  it('leaves slots and the next turn to others', async () => {
    const bench = new DispatchBench({ QUEUE_CONCURRENCY: '8' });
    const gates = flood(bench, 20);
    bench.log.add('b1', 'optim_step', A, { owner: 'b' });
    bench.log.add('b2', 'optim_step', A, { owner: 'b' });
    bench.log.add('c1', 'generate', null, { owner: 'c' });
    const all = [...gates.map((_, i) => `flood ${i}`), 'b1', 'b2', 'c1'].map((id) => bench.dispatch(id));
    await settled();
    // One beyond the eight, for an owner who has none, and what that one gives back for the next.
    const ended = bench.script.events.filter((event) => event.startsWith('end'));
    expect(ended.sort()).toEqual(['end b1', 'end b2', 'end c1']);
    expect(bench.script.events.filter((event) => event.startsWith('start flood'))).toHaveLength(8);
    for (const gate of gates) gate.open();
    await Promise.all(all);
  });
});
