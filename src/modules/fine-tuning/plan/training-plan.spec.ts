import { describe, expect, it } from 'vitest';
import { TrainingPlan, type Unit } from './training-plan.js';
import { type TrainingSettings } from './training-settings.js';

function planOf(settings: Partial<TrainingSettings>, seed = 1): TrainingPlan {
  const usual = { epochs: 2, batchSize: 4, trainingRows: 10, heldOutRows: 0, validationRows: 0 };
  const rates = { learningRate: 1, schedule: 'constant', warmupSteps: 0 };
  return new TrainingPlan({ ...usual, ...rates, ...settings } as TrainingSettings, seed);
}

function unitsOf(plan: TrainingPlan): Unit[] {
  return Array.from({ length: plan.length }, (_, position) => plan.unit(position));
}

const rowsOf = (units: readonly Unit[], kind: Unit['kind'], epoch: number): number[] =>
  units.filter((unit) => unit.kind === kind && unit.epoch === epoch).flatMap(({ rows }) => rows.rows);
const sorted = (rows: readonly number[]) => [...rows].sort((a, b) => a - b);
const range = (end: number) => Array.from({ length: end }, (_, i) => i);

describe('TrainingPlan', () => {
  it('trains on every row once in each epoch, in another order each time', () => {
    const units = unitsOf(planOf({}));
    const kinds = units.map(({ kind }) => kind);
    expect(kinds).toEqual(['step', 'step', 'step', 'checkpoint', 'step', 'step', 'step', 'checkpoint']);
    expect(units.map(({ step }) => step)).toEqual([0, 1, 2, 3, 3, 4, 5, 6]);
    expect(units.map(({ rows }) => rows.rows.length)).toEqual([4, 4, 2, 0, 4, 4, 2, 0]);
    const [first, second] = [rowsOf(units, 'step', 1), rowsOf(units, 'step', 2)];
    expect(sorted(first)).toEqual(range(10));
    expect(sorted(second)).toEqual(range(10));
    expect(first).not.toEqual(second);
    expect(first).not.toEqual(range(10));
  });

  it('is the same for the same seed, wherever one begins to read it', () => {
    const whole = unitsOf(planOf({}));
    for (const position of [5, 1, 6]) expect(planOf({}).unit(position)).toEqual(whole[position]);
    expect(rowsOf(unitsOf(planOf({}, 2)), 'step', 1)).not.toEqual(rowsOf(whole, 'step', 1));
  });

  it('holds rows out, the same in every epoch, and never trains on them', () => {
    const units = unitsOf(planOf({ trainingRows: 7, heldOutRows: 3, batchSize: 2 }));
    const held = rowsOf(units, 'validation', 1);
    expect(held).toHaveLength(3);
    expect(rowsOf(units, 'validation', 2)).toEqual(held);
    expect(sorted([...held, ...rowsOf(units, 'step', 1)])).toEqual(range(10));
    expect(new Set(units.map(({ rows }) => rows.file))).toEqual(new Set(['training']));
  });

  it('validates with the rows of the other file, in their order', () => {
    const units = unitsOf(planOf({ validationRows: 5 })).filter(({ kind }) => kind === 'validation');
    expect(units.map(({ rows }) => rows)).toEqual([
      { file: 'validation', rows: [0, 1, 2, 3] },
      { file: 'validation', rows: [4] },
      { file: 'validation', rows: [0, 1, 2, 3] },
      { file: 'validation', rows: [4] },
    ]);
  });

  it('numbers the requests of all units differently', () => {
    const numbers = unitsOf(planOf({ validationRows: 5 })).flatMap((unit) => TrainingPlan.seqIds(unit));
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
