import { describe, expect, it } from 'vitest';
import { RandomStream } from '../numerics/random.js';
import { offsetsOf } from '../../domain/ragged-tensor.js';
import { planRuns, type PlannedItem } from './run-plan.js';

/** An item whose datums have these lengths; those in `unscored` have no scored position. */
function itemOf(
  index: number,
  lengths: readonly number[],
  { unscored = [] as readonly number[], baseModel = 'm' } = {},
) {
  const offsets = offsetsOf(lengths);
  const rows = { data: new Int32Array(offsets.at(-1)!), offsets, trailingShape: [] };
  const scored = new Uint8Array(offsets.at(-1)!).fill(1);
  for (const datum of unscored) scored.fill(0, offsets[datum], offsets[datum + 1]);
  const item = {
    weights: { kind: 'adapter', id: `${index}` },
    train: true,
    tokens: rows,
    targets: rows,
    scored,
  } as const;
  return { index, item, baseModel } satisfies PlannedItem;
}

const planOf = (items: readonly PlannedItem[], tokens: number, sharing = true) =>
  planRuns(items, { tokens, sharing }).map(({ parts }) => parts);

/** The parts of one item, in the order of the runs. */
const partsOf = (plan: ReturnType<typeof planOf>, index: number) =>
  plan.flatMap((parts) => parts.filter(({ item }) => item === index).map(({ datums }) => datums));

const tokensOf = ({ item }: PlannedItem, datums: readonly number[]) =>
  datums.reduce((sum, datum) => sum + item.tokens.offsets[datum + 1]! - item.tokens.offsets[datum]!, 0);

describe('planRuns', () => {
  it('divides an item into parts of similar length, the longest first', () => {
    expect(planOf([itemOf(0, [3, 9, 2, 8, 4])], 10)).toEqual([
      [{ item: 0, datums: [1] }],
      [{ item: 0, datums: [3] }],
      [{ item: 0, datums: [4, 0, 2] }],
    ]);
  });

  it('lets parts of several items share a run', () => {
    expect(planOf([itemOf(0, [4]), itemOf(1, [5])], 10)).toEqual([
      [
        { item: 1, datums: [0] },
        { item: 0, datums: [0] },
      ],
    ]);
    expect(planOf([itemOf(0, [4]), itemOf(1, [5])], 10, false)).toHaveLength(2);
    expect(planOf([itemOf(0, [4]), itemOf(1, [5], { baseModel: 'other' })], 10)).toHaveLength(2);
  });

  it('pads no run to more than twice its tokens', () => {
    expect(planOf([itemOf(0, [100]), itemOf(1, [1]), itemOf(2, [1])], 1000)).toEqual([
      [
        { item: 0, datums: [0] },
        { item: 1, datums: [0] },
      ],
      [{ item: 2, datums: [0] }],
    ]);
  });

  it('leaves out datums without a scored position, and items without any', () => {
    expect(planOf([itemOf(0, [3, 3], { unscored: [0] }), itemOf(1, [2], { unscored: [0] })], 10)).toEqual([
      [{ item: 0, datums: [1] }],
    ]);
  });

  it('divides an item in the same way in any company, and into each run at most once in order', () => {
    const random = new RandomStream(5, 'plans');
    const draw = (most: number) => {
      const value = new Float32Array(1);
      random.fillUniform(value);
      return 1 + Math.floor(value[0]! * most);
    };
    for (let round = 0; round < 200; round++) {
      const limit = draw(40);
      const items = Array.from({ length: draw(6) }, (_, index) =>
        itemOf(
          index,
          Array.from({ length: draw(8) }, () => draw(30)),
        ),
      );
      const plan = planOf(items, limit);
      for (const each of items) {
        const alone = partsOf(planOf([each], limit), each.index);
        expect(partsOf(plan, each.index)).toEqual(alone);
        expect(alone.flat().sort((a, b) => a - b)).toEqual([...each.item.tokens.offsets.keys()].slice(0, -1));
        for (const datums of alone) expect(datums.length === 1 || tokensOf(each, datums) <= limit).toBe(true);
      }
      for (const parts of plan) {
        const tokens = parts.reduce((sum, { item, datums }) => sum + tokensOf(items[item]!, datums), 0);
        expect(parts.length === 1 || tokens <= limit).toBe(true);
      }
    }
  });
});
