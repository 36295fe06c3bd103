import { describe, expect, it } from 'vitest';
import { Gate, waitFor } from '../../../test/support/wait-for.js';
import { type OperationKind } from '../../domain/operation.js';
import { Line } from './line.js';

/** A line over a list of operations, each of which ends when its gate opens. */
class Bench {
  readonly events: string[] = [];
  readonly waiting: { label: string; kind: OperationKind }[] = [];
  readonly gates = new Map<string, Gate>();
  claims = 0;
  failNext = false;
  private idleGate = new Gate();
  readonly line = new Line({
    claim: async (readOnlyOnly) => {
      this.claims++;
      await Promise.resolve();
      if (this.failNext) {
        this.failNext = false;
        throw new Error('the database is gone');
      }
      const [next] = this.waiting;
      if (next === undefined || (readOnlyOnly && next.kind === 'optim_step')) return null;
      this.waiting.shift();
      return { kind: next.kind, run: () => this.run(next.label) };
    },
    idle: () => {
      this.events.push('idle');
      this.idleGate.open();
    },
    failed: (error) => this.events.push(`failed: ${String(error)}`),
  });

  add(label: string, kind: OperationKind): Gate {
    const gate = new Gate();
    this.gates.set(label, gate);
    this.waiting.push({ label, kind });
    return gate;
  }

  async idle(): Promise<void> {
    await this.idleGate.passed;
    this.idleGate = new Gate();
  }

  private async run(label: string): Promise<void> {
    this.events.push(`start ${label}`);
    await this.gates.get(label)?.passed;
    this.events.push(`end ${label}`);
  }
}

describe('a line of operations', () => {
  it('looks again when it is woken during its last look', async () => {
    const bench = new Bench();
    bench.line.wake();
    // The claim has begun and will find nothing; what comes now must not be missed.
    bench.add('late', 'optim_step').open();
    bench.line.wake();
    await bench.idle();
    expect(bench.events).toEqual(['start late', 'end late', 'idle']);
  });

  it('takes up a reader that arrives while others run, but nothing past one that changes', async () => {
    const bench = new Bench();
    const first = bench.add('read1', 'forward');
    bench.line.wake();
    await waitFor('read1 runs', () => bench.events.length === 1);
    for (const [label, kind] of [
      ['read2', 'generate'],
      ['write', 'optim_step'],
      ['read3', 'forward'],
    ] as const) {
      bench.add(label, kind).open();
    }
    bench.line.wake();
    await waitFor('read2 is done', () => bench.events.includes('end read2'));
    first.open();
    await bench.idle();
    const order = (event: string) => bench.events.indexOf(event);
    expect(order('start read2')).toBeLessThan(order('end read1'));
    expect(order('start write')).toBeGreaterThan(order('end read1'));
    expect(order('start read3')).toBeGreaterThan(order('end write'));
  });

  it('goes idle after a failed look and works when woken again', async () => {
    const bench = new Bench();
    bench.failNext = true;
    bench.add('op', 'optim_step').open();
    bench.line.wake();
    await bench.idle();
    expect(bench.events).toEqual(['failed: Error: the database is gone', 'idle']);
    bench.line.wake();
    await bench.idle();
    expect(bench.events.slice(2)).toEqual(['start op', 'end op', 'idle']);
  });
});
