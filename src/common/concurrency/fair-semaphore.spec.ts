import { describe, expect, it } from 'vitest';
import { FairSemaphore } from './fair-semaphore.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Who has come in, in order, and how each goes out again. */
class Door {
  readonly entered: string[] = [];
  readonly leave = new Map<string, () => void>();

  constructor(readonly semaphore: FairSemaphore) {}

  ask(owner: string, label: string, weight = 1): void {
    void this.semaphore.acquire(owner, weight).then((leave) => {
      this.entered.push(label);
      this.leave.set(label, leave);
    });
  }
}

describe('FairSemaphore', () => {
  it('gives what is given back to the owner who holds least, the oldest of its requests first', async () => {
    const door = new Door(new FairSemaphore(3));
    for (const label of ['a1', 'a2', 'a3', 'a4', 'a5']) door.ask('a', label);
    for (const label of ['b1', 'b2']) door.ask('b', label);
    await settled();
    expect(door.entered).toEqual(['a1', 'a2', 'a3']);
    for (const label of ['a1', 'a2', 'a3']) {
      door.leave.get(label)!();
      await settled();
    }
    expect(door.entered.slice(3)).toEqual(['b1', 'a4', 'b2']);
  });

  it('lets owners who hold nothing go beyond the size, by an eighth of it in all where nothing else is said', async () => {
    const door = new Door(new FairSemaphore(16));
    for (let i = 0; i < 20; i++) door.ask('flood', `flood ${i}`);
    for (const owner of ['b', 'c', 'd']) door.ask(owner, owner);
    await settled();
    expect(door.entered.slice(16)).toEqual(['b', 'c']);
    expect(['flood', 'b', 'new'].map((owner) => door.semaphore.isFullFor(owner))).toEqual([true, true, true]);
    door.leave.get('b')!();
    await settled();
    expect(door.entered.slice(18)).toEqual(['d']);
  });

  it('has no room beyond a small size', async () => {
    const door = new Door(new FairSemaphore(1));
    for (const owner of ['a', 'b']) door.ask(owner, owner);
    await settled();
    expect(door.entered).toEqual(['a']);
  });

  it('lets what is heavier than its size go alone, and nobody past it', async () => {
    const door = new Door(new FairSemaphore(10));
    door.ask('a', 'light', 4);
    door.ask('b', 'heavy', 30);
    door.ask('b', 'after', 1);
    await settled();
    expect(door.entered).toEqual(['light']);
    door.leave.get('light')!();
    await settled();
    expect(door.entered).toEqual(['light', 'heavy']);
    door.leave.get('heavy')!();
    await settled();
    expect(door.entered).toEqual(['light', 'heavy', 'after']);
  });
});
