import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type LossDefinition } from '../domain/loss-definition.js';
import { WrittenLoss } from './expressions/written-loss.js';
import { checkGradient } from './gradient-check.js';
import { builtInLosses, LossRegistry } from './loss-registry.js';

const of = (loss: string) => new WrittenLoss({ name: 'mine', loss });
const FINE = { checked: 4, batches: 4, mismatch: null };

describe('checkGradient', () => {
  const registry = new LossRegistry();

  it.each(builtInLosses().map((loss) => [loss.metadata.name, loss] as const))('accepts %s', (_, loss) => {
    expect(checkGradient(loss, registry.resolveConfig(loss))).toEqual(FINE);
  });

  it.each(builtInLosses().map((loss) => [loss.metadata.name, loss] as const))(
    'refuses %s where one slope is off by a thousandth',
    (_, loss) => {
      const compute = loss.compute.bind(loss);
      const wrong = Object.assign(Object.create(loss) as typeof loss, {
        compute: (...batch: Parameters<typeof compute>) => {
          const { dLogprobs, ...rest } = compute(...batch);
          return { ...rest, dLogprobs: dLogprobs.map((slope, i) => (i === 4 ? slope * 1.001 : slope)) };
        },
      });
      // Slopes below 1 are compared as numbers, not as ratios; those of pairwise_dpo are small, but for a large beta.
      const steep = loss.metadata.name === 'pairwise_dpo' && { scale: 20, beta: 1 };
      const config = { ...registry.resolveConfig(loss), ...steep };
      const { mismatch } = checkGradient(wrong, config);
      expect(mismatch).toMatchObject({ datum: 1, position: 1 });
      expect(mismatch!.slope / mismatch!.difference).toBeCloseTo(1.001, 4);
    },
  );

  it('accepts formulas that bend sharply', () => {
    const steep = JSON.parse(readFileSync('examples/losses/contrastive.json', 'utf8')) as LossDefinition;
    expect(checkGradient(new WrittenLoss(steep), { temperature: 0.001 })).toEqual(FINE);
    expect(checkGradient(of('sum(sigmoid(3000 * (target_logprobs - logprobs)))'), {})).toEqual(FINE);
  });

  it('accepts kinks, and what stop_gradient holds still', () => {
    expect(checkGradient(of('sum(min(exp(target_logprobs), clip(target_logprobs, -2, -1)))'), {})).toEqual(FINE);
    expect(checkGradient(of('sum(stop_gradient(exp(target_logprobs)) * target_logprobs)'), {})).toEqual(FINE);
  });

  it('leaves out batches on which the loss is not finite', () => {
    expect(checkGradient(of('sum(log(target_logprobs))'), {})).toEqual({ ...FINE, checked: 0 });
  });
});
