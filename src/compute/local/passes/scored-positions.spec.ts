import { describe, expect, it } from 'vitest';
import { integers } from '../../../../test/support/models/ragged-builders.js';
import { layOutPart } from './part-layout.js';
import { positionsInOrder, positionsInSlots } from './scored-positions.js';

/** A part of one datum, all of it scored. */
function part(length: number) {
  const tokens = integers(Array.from({ length }, (_, i) => i));
  return layOutPart({ tokens, targets: tokens, scored: new Uint8Array(length).fill(1) }, [0], 1);
}

describe('positionsInOrder', () => {
  it('puts one part behind the other', () => {
    const { count, positions, sources, repeated } = positionsInOrder([part(2), part(3)]);
    expect(count).toBe(5);
    expect(positions.map((own) => [...own])).toEqual([
      [0, 1],
      [2, 3, 4],
    ]);
    expect([[...sources.part], [...sources.row]]).toEqual([
      [0, 0, 1, 1, 1],
      [0, 1, 0, 1, 2],
    ]);
    expect([...repeated]).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('positionsInSlots', () => {
  it('gives every part of a chunk equally many rows, repeating what is missing, and leaves no chunk empty', () => {
    const { count, chunkSizes, positions, sources, repeated } = positionsInSlots([part(2), part(3)], 2);
    expect(chunkSizes).toEqual([3, 1, 1, 1]);
    expect(count).toBe(12);
    expect(positions.map((own) => [...own])).toEqual([
      [0, 1],
      [3, 4, 5],
    ]);
    expect([...sources.part]).toEqual([0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1]);
    expect([...sources.row]).toEqual([0, 1, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0]);
    expect([...repeated]).toEqual([0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  });

  it('divides the rows of a part into the chunks that it has alone', () => {
    const [long, short] = [part(300), part(140)];
    const alone = [long, short].map((own) => positionsInSlots([own], 1).chunkSizes);
    expect(alone).toEqual([
      [128, 128, 44, 0],
      [128, 12, 0, 0],
    ]);
    const { chunkSizes, positions } = positionsInSlots([long, short], 1);
    expect(chunkSizes).toEqual([128, 128, 44, 1]);
    const secondChunk = 2 * 128;
    expect(positions[0]![128]).toBe(secondChunk);
    expect(positions[1]![127]).toBe(secondChunk - 1);
    expect(positions[1]![128]).toBe(secondChunk + 128);
  });

  it('has the rows that a product needs, in a chunk that is not empty', () => {
    expect(positionsInSlots([part(3)], 32).chunkSizes).toEqual([32, 0, 0, 0]);
    expect(positionsInSlots([part(130)], 32).chunkSizes).toEqual([128, 32, 0, 0]);
  });
});
