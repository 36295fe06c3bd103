import { describe, expect, it } from 'vitest';
import { SeededRandom } from './seeded-random.js';
import { type PlannedBranch, TrainingPlan } from './training-plan.js';

const STEPS = 200;

/** Everything that a plan says, branches and what replaces them included. */
function carryOut(plan: TrainingPlan, steps: number): unknown[] {
  return Array.from({ length: steps }, () => {
    if (plan.isOver) return [];
    const bursts = plan.nextStep();
    const branch = plan.nextBranch();
    const heir = plan.isOver ? plan.heir() : null;
    return [bursts, outline(branch), outline(heir), plan.isOver && plan.isDeletedAtItsEnd];
  });
}

const outline = (branch: PlannedBranch | null) =>
  branch === null ? null : { kind: branch.kind, from: branch.from, steps: carryOut(branch.plan, 10) };

describe('a training plan', () => {
  const planOf = (seed: string) => carryOut(new TrainingPlan(new SeededRandom(seed)), STEPS);

  it('follows from its seed, whatever is done with it', () => {
    expect(planOf('1')).toEqual(planOf('1'));
    expect(planOf('1')).not.toEqual(planOf('2'));
  });

  it('has branches of every kind and end', () => {
    const text = JSON.stringify(planOf('1'));
    for (const part of ['"kind":"fork","from":null', '"kind":"import"', '"kind":"rewind","to":0', ',true]']) {
      expect(text).toContain(part);
    }
    expect(text).toMatch(/"kind":"fork","from":[1-9]/);
  });

  it('goes back to steps that have been taken', () => {
    const plan = new TrainingPlan(new SeededRandom('1'));
    for (let step = 1; step <= STEPS; step++) {
      const rewinds = plan.nextStep().flatMap((burst) => burst.flatMap((one) => (one.kind === 'rewind' ? one.to : [])));
      const from = plan.nextBranch()?.from ?? 1;
      for (const target of [...rewinds, from]) {
        expect(target).toBeGreaterThan(0);
        expect(target).toBeLessThanOrEqual(step);
      }
    }
  });
});
