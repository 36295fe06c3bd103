import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type LossDefinition } from '../domain/loss-definition.js';
import { WrittenLoss } from './expressions/written-loss.js';
import { findJump } from './jump-check.js';
import { builtInLosses, LossRegistry } from './loss-registry.js';

const registry = new LossRegistry();
const jumpOf = (definition: Partial<LossDefinition>) => {
  const loss = new WrittenLoss({ name: 'mine', loss: 'sum(target_logprobs)', ...definition });
  return findJump(loss, registry.resolveConfig(loss));
};
const examples = readdirSync('examples/losses').map((file) => readFileSync(`examples/losses/${file}`, 'utf8'));

describe('findJump', () => {
  it.each([
    'sum(where(target_logprobs > -1, target_logprobs, 0))',
    'sum(where(target_logprobs > -1.7, 5, target_logprobs))',
    'sum(where(exp(target_logprobs - logprobs) > 1.1, 0, exp(target_logprobs - logprobs)) * advantages)',
    'where(mean(target_logprobs) > -1.5, 1, 0) + sum(target_logprobs)',
  ])('finds that of %s', (loss) => {
    expect(jumpOf({ loss })).toEqual(expect.any(Number));
  });

  it.each([
    'sum(sigmoid(3000 * (target_logprobs - logprobs)))',
    'sum(min(exp(target_logprobs), clip(target_logprobs, -2, -1)))',
    'sum(abs(target_logprobs + 1) ** 0.5)',
    'sum(where(target_logprobs > -1, target_logprobs, 2 * target_logprobs + 1))',
    'sum(where(stop_gradient(target_logprobs) > -1, target_logprobs, 0))',
    'sum(log(target_logprobs))',
    'sum(exp(-10 * target_logprobs))',
  ])('finds none in %s', (loss) => {
    expect(jumpOf({ loss })).toBeNull();
  });

  it.each(examples.map((json) => JSON.parse(json) as LossDefinition))(
    'finds none in the example $name',
    (definition) => {
      expect(jumpOf(definition)).toBeNull();
    },
  );

  it.each(builtInLosses().map((loss) => [loss.metadata.name, loss] as const))('finds none in %s', (_, loss) => {
    expect(findJump(loss, registry.resolveConfig(loss))).toBeNull();
  });
});
