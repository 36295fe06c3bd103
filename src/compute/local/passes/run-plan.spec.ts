import { describe, expect, it } from 'vitest';
import { FAKE_MODEL } from '../../../../test/support/fake-backend/fake-backend.js';
import { integers } from '../../../../test/support/models/ragged-builders.js';
import { DEFAULT_LORA, type LoraSpec } from '../../../domain/adapter/lora-spec.js';
import { type ModelRuntime } from '../model-runtime.js';
import { LocalItem } from './pass-part.js';
import { planRuns } from './run-plan.js';

const runtime = { name: 'm', config: FAKE_MODEL.config } as ModelRuntime;
const Q = 'model.layers.0.self_attn.q_proj';
const LIMITS = { tokens: 100, memoryBytes: 2 ** 30 };

interface ItemOptions extends Partial<LoraSpec> {
  readonly train?: boolean;
  readonly base?: boolean;
  /** Targets per position. */
  readonly width?: number;
}

function item({ train = true, base = false, width = 1, ...lora }: ItemOptions, ...lengths: number[]): LocalItem {
  const rows = lengths.map((length) => new Array<number>(length).fill(1));
  const tokens = integers(...rows);
  const adapter = base ? null : { lora: { ...DEFAULT_LORA, ...lora }, weights: new Map(), feeds: [], passes: 0 };
  const weights = { kind: 'base', baseModel: 'm' } as const;
  const scored = new Uint8Array(tokens.data.length).fill(1);
  const targets = width === 1 ? tokens : { ...tokens, trailingShape: [width] };
  return new LocalItem({ weights, train, tokens, targets, scored }, { runtime, adapter }, 2 ** 30);
}

/** The indices of the items in each run. */
const plan = (items: readonly LocalItem[], limits = LIMITS) =>
  planRuns(items, limits).map((members) => members.map((member) => items.indexOf(member.item)));

describe('planRuns', () => {
  it('lets items share a run up to its tokens, the longest first', () => {
    expect(plan([item({}, 33), item({}, 40), item({}, 36)])).toEqual([[1, 2], [0]]);
  });

  it('lets nothing share where that is not wanted, and runs what is too long alone', () => {
    expect(plan([item({}, 33), item({}, 33)], { ...LIMITS, tokens: 0 })).toEqual([[0], [1]]);
    expect(plan([item({}, 150), item({}, 33)])).toEqual([[0], [1]]);
  });

  it('keeps to the memory', () => {
    expect(plan([item({}, 33), item({}, 33)], { ...LIMITS, memoryBytes: 1 })).toEqual([[0], [1]]);
  });

  it('keeps apart what pads much', () => {
    expect(plan([item({}, 90), item({}, 1), item({}, 90)], { ...LIMITS, tokens: 1000 })).toEqual([[0, 2, 1]]);
    expect(plan([item({}, 900), ...[1, 2, 3].map(() => item({}, 33))], { ...LIMITS, tokens: 5000 })).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  const others: [string, Partial<LoraSpec> | null][] = [
    ['targets', { targetModules: ['q_proj'] }],
    ['a LoRA on the vocabulary', { targetModules: ['q_proj', 'lm_head'] }],
    ['dropout', { dropout: 0.5 }],
    ['rank', { rank: 1 }],
    ['ranks and scales of modules', { rankPattern: { [Q]: 3 }, alphaPattern: { [Q]: 7 } }],
    ['excluded modules', { excludedModules: [Q] }],
    ['no adapter', null],
  ];

  it.each(others)('lets items share a run that differ in: %s', (_, lora) => {
    const train = false;
    expect(plan([item({ train }, 33), item({ ...lora, train, base: lora === null }, 33)])).toEqual([[0, 1]]);
  });

  it('does not let them where that would cost more than it spares', () => {
    const many = [200, 200, 200].map((length) => item({}, length));
    const other = item({ targetModules: ['gate_proj', 'up_proj', 'down_proj'] }, 33);
    expect(plan([...many, other], { ...LIMITS, tokens: 1000 })).toEqual([[0, 1, 2], [3]]);
  });

  it('keeps apart other classes of ranks, what is trained, and other numbers of targets per position', () => {
    expect(plan([item({}, 33), item({ rank: 17 }, 33), item({}, 33)])).toEqual([[0, 2], [1]]);
    expect(plan([item({}, 33), item({ train: false }, 33)])).toEqual([[0], [1]]);
    expect(plan([item({}, 33), item({ width: 2 }, 33)])).toEqual([[0], [1]]);
  });

  it.each<[string, Partial<LoraSpec>]>([
    ['a rank above the classes', { rank: 129 }],
    ['ranks of several classes', { rankPattern: { [Q]: 17 } }],
  ])('runs alone: %s', (_, lora) => {
    expect(plan([item(lora, 33), item(lora, 33)])).toEqual([[0], [1]]);
  });

  it('keeps the parts of an item in their order', () => {
    const [long, other] = [item({}, 3000, 2000, 1500), item({}, 33)];
    expect(long.parts.length).toBeGreaterThan(1);
    const parts = planRuns([other, long], LIMITS)
      .flat()
      .filter((member) => member.item === long);
    expect(parts.map(({ part }) => part)).toEqual(long.parts);
  });
});
