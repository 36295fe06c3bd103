import { describe, expect, it } from 'vitest';
import { SequenceMemory } from './sequence-memory.js';

/** Memory of 100 bytes, of which 80 may be spare, and what the spare part was told to shrink to. */
function memoryOf() {
  const shrunk: number[] = [];
  const memory = new SequenceMemory(100, { shrinkTo: (bytes) => shrunk.push(bytes) }, 80);
  return { memory, shrunk };
}

describe('the memory of sequences', () => {
  it('grants what fits, and leaves the rest to what is spare', () => {
    const { memory, shrunk } = memoryOf();
    expect(memory.grant('a', 60, false)).toBe(true);
    expect(memory.grant('b', 50, false)).toBe(false);
    expect(memory.grant('b', 50, true)).toBe(true);
    expect(shrunk).toEqual([40, 0]);
    expect([memory.heldBy('a'), memory.heldBy('b')]).toEqual([60, 50]);
  });

  it('keeps what is granted when the engine names another size, and grants by that from then on', () => {
    const { memory, shrunk } = memoryOf();
    expect(memory.grant('a', 60, false)).toBe(true);
    memory.resize(70);
    expect(memory.heldBy('a')).toBe(60);
    expect(memory.grant('b', 20, false)).toBe(false);
    memory.resize(1000);
    expect(memory.grant('b', 20, false)).toBe(true);
    expect(shrunk).toEqual([40, 10, 80, 80]);
  });
});
