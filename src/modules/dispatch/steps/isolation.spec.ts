import { describe, expect, it } from 'vitest';
import { Gate } from '../../../../test/support/wait-for.js';
import { Isolation } from './isolation.js';

/** Operations that end when their gate opens; tells which run now. */
class Scene {
  readonly running = new Set<string>();
  readonly gates = new Map<string, Gate>();
  private readonly isolation = new Isolation();

  start(name: string, alone: boolean): Promise<void> {
    const gate = new Gate();
    this.gates.set(name, gate);
    return this.run(name, alone, gate);
  }

  private async run(name: string, alone: boolean, gate: Gate): Promise<void> {
    const leave = await this.isolation.enter(alone);
    this.running.add(name);
    await gate.passed;
    this.running.delete(name);
    leave();
  }

  async end(name: string): Promise<string[]> {
    this.gates.get(name)!.open();
    return this.now();
  }

  /** After everything that can happen has happened. */
  async now(): Promise<string[]> {
    await new Promise((resolve) => setImmediate(resolve));
    return [...this.running].sort();
  }
}

describe('Isolation', () => {
  it('runs operations side by side, and one that must be alone by itself', async () => {
    const scene = new Scene();
    const all = [scene.start('a', false), scene.start('b', false), scene.start('x', true), scene.start('c', false)];
    expect(await scene.now()).toEqual(['a', 'b']);
    expect(await scene.end('a')).toEqual(['b']);
    expect(await scene.end('b')).toEqual(['x']);
    expect(await scene.end('x')).toEqual(['c']);
    expect(await scene.end('c')).toEqual([]);
    await Promise.all(all);
  });

  it('keeps the order of arrival', async () => {
    const scene = new Scene();
    const all = [scene.start('x', true), scene.start('a', false), scene.start('y', true), scene.start('b', false)];
    expect(await scene.now()).toEqual(['x']);
    expect(await scene.end('x')).toEqual(['a']);
    expect(await scene.end('a')).toEqual(['y']);
    expect(await scene.end('y')).toEqual(['b']);
    expect(await scene.end('b')).toEqual([]);
    await Promise.all(all);
  });
});
