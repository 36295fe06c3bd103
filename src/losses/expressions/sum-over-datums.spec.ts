import { describe, expect, it } from 'vitest';
import { exampleLoss } from '../../../test/support/models/example-losses.js';
import { WrittenLoss } from './written-loss.js';

const isSum = (loss: string, definition: object = {}) =>
  new WrittenLoss({ name: 'tested', loss, ...definition }).metadata.sumOverDatums;

describe('a written loss is known to be a sum over datums', () => {
  it.each(['ppo', 'cispo', 'dro', 'importance_sampling', 'cross_entropy', 'gspo', 'kl_regularised'])('%s', (name) => {
    expect(new WrittenLoss(exampleLoss(name)).metadata.sumOverDatums).toBe(true);
  });

  it.each<[string, object?]>([
    ['-sum(weights * target_logprobs)'],
    [
      'scale * sum(exp(target_logprobs)) / 2 - (1 + sum(datum_mean(target_logprobs) ** 2)) - 3',
      { config: { scale: 2 } },
    ],
    [
      'sum(where(given(x), x, 1) * stop_gradient(target_logprobs) * target_logprobs)',
      { inputs: { x: { default: 1 } } },
    ],
  ])('%s', (loss, definition) => {
    expect(isSum(loss, definition)).toBe(true);
  });
});

describe('a written loss is not taken for a sum over datums', () => {
  it.each(['dpo', 'simpo', 'contrastive'])('%s', (name) => {
    expect(new WrittenLoss(exampleLoss(name)).metadata.sumOverDatums).toBe(false);
  });

  it.each([
    'mean(target_logprobs)',
    'sum(target_logprobs) / token_count',
    'sum(target_logprobs) / sum(weights)',
    'sum(weights) * sum(target_logprobs)',
    'exp(sum(target_logprobs))',
    '2 / sum(target_logprobs)',
    'logsumexp(target_logprobs)',
    'max(sum(target_logprobs), 0)',
    'sum(target_logprobs - mean(target_logprobs))',
    'sum(target_logprobs * stop_gradient(sum(target_logprobs)))',
    'sum(group_sum(datum_sum(target_logprobs), pair))',
  ])('%s', (loss) => {
    const inputs = loss.includes('pair') ? { inputs: { pair: { per: 'datum' } } } : {};
    expect(isSum(loss, inputs)).toBe(false);
  });
});
