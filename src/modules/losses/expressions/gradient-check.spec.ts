import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkGradient } from './gradient-check.js';
import { WrittenLoss } from './written-loss.js';

type Definition = ConstructorParameters<typeof WrittenLoss>[0];
const of = (loss: string) => new WrittenLoss({ name: 'mine', loss });

describe('checkGradient', () => {
  it('accepts formulas that bend sharply', () => {
    const steep = JSON.parse(readFileSync('examples/losses/contrastive.json', 'utf8')) as Definition;
    expect(checkGradient(new WrittenLoss(steep), { temperature: 0.001 }).checked).toBe(4);
    expect(checkGradient(of('sum(sigmoid(3000 * (target_logprobs - logprobs)))'), {}).checked).toBe(4);
  });

  it('accepts kinks, and what stop_gradient holds still', () => {
    expect(checkGradient(of('sum(min(exp(target_logprobs), clip(target_logprobs, -2, -1)))'), {}).checked).toBe(4);
    expect(checkGradient(of('sum(stop_gradient(exp(target_logprobs)) * target_logprobs)'), {}).checked).toBe(4);
  });

  it('refuses a slope that the value does not have', () => {
    const loss = of('sum(square(target_logprobs))');
    const wrong = Object.create(loss) as WrittenLoss;
    wrong.evaluate = (...batch) => {
      const evaluation = loss.evaluate(...batch);
      const gradientOf = evaluation.gradientOf.bind(evaluation);
      evaluation.gradientOf = (step) => gradientOf(step).map((slope) => slope * 1.001);
      return evaluation;
    };
    expect(() => checkGradient(wrong, {})).toThrow(/gradient of the loss is -?[\d.]+ at a place where/);
  });

  it('leaves out batches on which the loss is not finite', () => {
    expect(checkGradient(of('sum(log(target_logprobs))'), {}).checked).toBe(0);
  });
});
