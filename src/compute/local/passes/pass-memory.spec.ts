import { describe, expect, it } from 'vitest';
import { PassMemory } from './pass-memory.js';

const shapes = new Map([
  ['a', [3, 5]],
  ['empty', [0, 7]],
  ['b', [2]],
]);

describe('PassMemory', () => {
  it('gives tensors of the shapes that do not overlap', () => {
    const tensors = new PassMemory().tensors(shapes);
    expect([...tensors].map(([name, { shape, data }]) => [name, shape, data.length])).toEqual([
      ['a', [3, 5], 15],
      ['empty', [0, 7], 0],
      ['b', [2], 2],
    ]);
    tensors.get('a')!.data.fill(1);
    tensors.get('b')!.data.fill(2);
    expect([...tensors.get('a')!.data]).toEqual(new Array(15).fill(1));
    expect(tensors.get('b')!.data.byteOffset % 64).toBe(0);
  });

  it('is the same memory until more is needed', () => {
    const memory = new PassMemory();
    const first = memory.tensors(shapes).get('a')!.data.buffer;
    expect(memory.tensors(new Map([['c', [4]]])).get('c')!.data.buffer).toBe(first);
    const larger = memory.tensors(new Map([['c', [1000]]])).get('c')!.data;
    expect(larger.buffer).not.toBe(first);
    expect(larger).toHaveLength(1000);
  });
});
