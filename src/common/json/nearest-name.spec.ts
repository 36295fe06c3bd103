import { describe, expect, it } from 'vitest';
import { didYouMean, nearestName } from './nearest-name.js';

const ADAM = ['learning_rate', 'beta1', 'beta2', 'eps', 'weight_decay', 'grad_clip_norm'];
const GENERATE = [
  'model_id',
  'base_model',
  'messages',
  'prompt',
  'max_new_tokens',
  'top_p',
  'top_k',
  'stop',
  'seed',
  'n',
];

describe('nearestName', () => {
  it.each([
    ['learning_rat', ADAM, 'learning_rate'],
    ['learnign_rate', ADAM, 'learning_rate'],
    ['learningRate', ADAM, 'learning_rate'],
    ['Weight-Decay', ADAM, 'weight_decay'],
    ['esp', ADAM, 'eps'],
    ['rnak', ['r', 'rank', 'alpha'], 'rank'],
    ['epsilon', ADAM, 'eps'],
    ['beta_1', ADAM, 'beta1'],
    ['clip_norm', ADAM, 'grad_clip_norm'],
    ['max_new_token', GENERATE, 'max_new_tokens'],
    ['maxNewTokens', GENERATE, 'max_new_tokens'],
    ['max_length', GENERATE, 'max_new_tokens'],
    ['message', GENERATE, 'messages'],
    ['model', GENERATE, 'model_id'],
    ['model', ['base_model', 'lora_config'], 'base_model'],
    ['lr', ['model_id', 'adam_params', 'seq_id'], 'adam_params.learning_rate'],
    ['frobnicate', GENERATE, null],
    ['m', GENERATE, null],
    ['', GENERATE, null],
    ['x', [], null],
    ['__proto__', GENERATE, null],
  ])('of %s', (name, known, nearest) => {
    expect(nearestName(name, known)).toBe(nearest);
  });

  it('does not compare what is too long for a name', () => {
    expect(nearestName('learning_rate'.repeat(1e6), ADAM)).toBe(null);
  });
});

it('puts it into a sentence', () => {
  expect(didYouMean('betta1', ADAM)).toBe('Did you mean beta1? ');
  expect(didYouMean('frobnicate', ADAM)).toBe('');
});
