import { describe, expect, it } from 'vitest';
import { makeBaseModel } from '../../../test/support/service/api-base-model.js';
import { partsOf, resolveTargets, type TargetSelection } from './target-selection.js';

const withFamily = (family: 'llama' | 'phi3' | 'qwen3_moe') =>
  makeBaseModel({
    name: family,
    config: { ...makeBaseModel().config, family, ...(family === 'qwen3_moe' && { expertCount: 4 }) },
  });

const [llama, phi3, moe] = [withFamily('llama'), withFamily('phi3'), withFamily('qwen3_moe')];
const EVERYTHING = { attention: true, mlp: true, outputProjection: true };
const ATTENTION = { attention: true, mlp: false, outputProjection: false };

describe('resolveTargets', () => {
  it.each([
    [llama, undefined, ['q_proj', 'v_proj']],
    [phi3, undefined, ['qkv_proj']],
    [llama, 'all-linear', ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']],
    [phi3, 'all-linear', ['qkv_proj', 'o_proj', 'gate_up_proj', 'down_proj']],
    [phi3, EVERYTHING, ['qkv_proj', 'o_proj', 'gate_up_proj', 'down_proj', 'lm_head']],
    [phi3, ATTENTION, ['qkv_proj', 'o_proj']],
    [moe, ATTENTION, ['q_proj', 'k_proj', 'v_proj', 'o_proj']],
    [phi3, ['o_proj'], ['o_proj']],
  ] as const)('finds in %o what %j means', (model, selection, targets) => {
    expect(resolveTargets(selection, model)).toEqual(targets);
  });

  it.each<[typeof llama, TargetSelection, RegExp]>([
    [
      phi3,
      ['q_proj'],
      /target_modules names 'q_proj', but base model 'phi3' has no such linear\. Use some of qkv_proj, o_proj, gate_up_proj, down_proj, lm_head/,
    ],
    [llama, ['qkv_proj'], /some of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, lm_head/],
    [moe, ['up_proj'], /LoRA on experts is not supported/],
    [
      moe,
      'all-linear',
      /is "all-linear", but base model 'qwen3_moe' is a mixture of experts.* Name them: q_proj, k_proj/,
    ],
    [moe, EVERYTHING, /that of base model 'qwen3_moe' is a mixture of experts, which carry no LoRA\. Set train_mlp/],
  ])('names what is not there: %#', (model, selection, message) => {
    expect(() => resolveTargets(selection, model)).toThrow(message);
  });
});

describe('partsOf', () => {
  it('counts only whole parts', () => {
    expect(partsOf(['q_proj', 'v_proj', 'lm_head'])).toEqual({ attention: false, mlp: false, outputProjection: true });
    expect(partsOf(['qkv_proj', 'o_proj'])).toEqual(ATTENTION);
    expect(partsOf(resolveTargets(EVERYTHING, phi3))).toEqual(EVERYTHING);
  });
});
