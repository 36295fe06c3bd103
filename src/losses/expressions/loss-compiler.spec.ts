import { describe, expect, it } from 'vitest';
import { compileLoss } from './loss-compiler.js';

describe('compileLoss', () => {
  it('looks at each step of a mask once, however many paths lead to it', () => {
    const values = Array.from({ length: 60 }, (_, i) => [`v${i + 1}`, `v${i} + v${i}`] as const);
    const definition = {
      name: 'doubling',
      let: { v0: 'advantages', ...Object.fromEntries(values) },
      mask: 'v60 != 0',
      loss: 'sum(target_logprobs)',
    };
    expect(compileLoss(definition).mask).not.toBeNull();
  });

  it('points inside of the formula when it ends too early', () => {
    const definition = { name: 'cut', loss: 'sum(' };
    try {
      compileLoss(definition);
    } catch (error) {
      return expect(error).toMatchObject({ code: 'invalid_expression', details: { position: 4, end: 4 } });
    }
    throw new Error('it was accepted');
  });

  it('does not take a config key for an input', () => {
    const definition = {
      name: 'confused',
      loss: 'sum(where(given(beta), target_logprobs, 0))',
      config: { beta: 1 },
      inputs: { beta: { default: 1 } },
    };
    expect(() => compileLoss(definition)).toThrow(/'beta' is a config key, not an input/);
  });

  it('takes 0 ** 0 as 1 with no slope by the exponent, as PyTorch does', () => {
    const { steps, loss } = compileLoss({ name: 'power', loss: 'sum(advantages ** target_logprobs)' });
    const power = steps[steps[loss]!.inputs[0]!]!;
    expect(power.operation).toMatchObject({ kind: 'elementwise' });
    const [, byExponent] = power.operation.kind === 'elementwise' ? power.operation.function.partials : [];
    expect(byExponent!(0, 0, 0, 1)).toBe(0);
    expect(byExponent!(2, 3, 0, 8)).toBeCloseTo(8 * Math.LN2, 12);
  });
});
