import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseHfConfig } from './hf-config.js';

const models = new URL('../../../test/fixtures/models/', import.meta.url);
const fixture = (name: string): unknown => JSON.parse(readFileSync(new URL(`${name}/config.json`, models), 'utf8'));
const parse = (json: unknown) => parseHfConfig(json, "Base model 'm'");

/** SmolLM2-135M-Instruct as transformers 4 wrote it. */
const smollm2 = {
  architectures: ['LlamaForCausalLM'],
  attention_bias: false,
  hidden_act: 'silu',
  hidden_size: 576,
  intermediate_size: 1536,
  is_llama_config: true,
  max_position_embeddings: 8192,
  mlp_bias: false,
  model_type: 'llama',
  num_attention_heads: 9,
  num_hidden_layers: 30,
  num_key_value_heads: 3,
  rms_norm_eps: 1e-5,
  rope_interleaved: false,
  rope_scaling: null,
  rope_theta: 100000,
  tie_word_embeddings: true,
  torch_dtype: 'bfloat16',
  vocab_size: 49152,
};

const llama3 = {
  factor: 32,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};

describe('parseHfConfig', () => {
  it('reads SmolLM2', () => {
    expect(parse(smollm2)).toEqual({
      family: 'llama',
      vocabSize: 49152,
      hiddenSize: 576,
      intermediateSize: 1536,
      layerCount: 30,
      headCount: 9,
      kvHeadCount: 3,
      headDim: 64,
      rmsNormEps: 1e-5,
      contextLength: 8192,
      tiedEmbeddings: true,
      rope: { theta: 100000, scaling: null },
    });
  });

  it.each([
    ['llama', { family: 'llama', tiedEmbeddings: true, headDim: 16, rope: { theta: 10000, scaling: null } }],
    [
      'llama3-rope',
      {
        family: 'llama',
        tiedEmbeddings: false,
        rope: {
          theta: 10000,
          scaling: { type: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContextLength: 32 },
        },
      },
    ],
    ['mistral', { family: 'mistral', headDim: 16, kvHeadCount: 1, rmsNormEps: 0.01 }],
    ['qwen2', { family: 'qwen2', rope: { theta: 100, scaling: null } }],
    ['qwen3', { family: 'qwen3', headDim: 16, hiddenSize: 32 }],
  ])('reads the %s checkpoint', (name, expected) => {
    expect(parse(fixture(name))).toMatchObject(expected);
  });

  it('reads RoPE the same from both ways to state it, and from the old key for its type', () => {
    const topLevel = { ...smollm2, rope_theta: 500000, rope_scaling: { rope_type: 'llama3', ...llama3 } };
    const old = { ...smollm2, rope_theta: 500000, rope_scaling: { type: 'llama3', ...llama3 } };
    const { rope_theta: _theta, rope_scaling: _scaling, ...bare } = smollm2;
    const nested = { ...bare, rope_parameters: { rope_type: 'llama3', rope_theta: 500000, ...llama3 } };
    expect(parse(nested).rope).toEqual(parse(topLevel).rope);
    expect(parse(old).rope).toEqual(parse(topLevel).rope);
    expect(parse(nested).rope.scaling).toMatchObject({ type: 'llama3', factor: 32 });
    expect(parse(bare).rope.theta).toBe(10_000);
  });

  it('limits the context to a sliding window, where one slides', () => {
    const mistral = { ...smollm2, architectures: ['MistralForCausalLM'], model_type: 'mistral' };
    expect(parse({ ...mistral, sliding_window: 8192 }).contextLength).toBe(8192);
    expect(parse({ ...mistral, sliding_window: 100 }).contextLength).toBe(100);
    const qwen2 = { ...smollm2, architectures: ['Qwen2ForCausalLM'], model_type: 'qwen2', sliding_window: 4096 };
    expect(parse({ ...qwen2, use_sliding_window: true, max_window_layers: 30 }).contextLength).toBe(8192);
    expect(parse({ ...qwen2, use_sliding_window: false, max_window_layers: 10 }).contextLength).toBe(8192);
  });
});

describe('refused configurations', () => {
  const reasons: Record<string, RegExp> = {
    'refused-gpt2': /architecture is GPT2LMHeadModel; supported are LlamaForCausalLM/,
    'refused-llama-attention-bias': /attention has biases/,
    'refused-llama-gelu': /hidden_act\) is "gelu"/,
    'refused-llama-mlp-bias': /MLP has biases/,
    'refused-mixtral-moe': /architecture is MixtralForCausalLM/,
    'refused-qwen3-moe': /architecture is Qwen3MoeForCausalLM/,
  };

  it.each(readdirSync(models).filter((name) => name.startsWith('refused-')))('%s', (name) => {
    const reason = reasons[name];
    if (!reason) throw new Error(`no reason is stated for the fixture ${name}`);
    expect(() => parse(fixture(name))).toThrow(reason);
  });

  it.each([
    ['text', 'x', /not a JSON object/],
    ['no architecture', { ...smollm2, architectures: undefined, model_type: undefined }, /specifies no architecture/],
    ['a name from the prototype', { ...smollm2, architectures: ['toString'] }, /architecture is toString/],
    ['quantized weights', { ...smollm2, quantization_config: { bits: 4 } }, /quantized/],
    ['partial rotary', { ...smollm2, partial_rotary_factor: 0.5 }, /only a fraction 0\.5 of each head/],
    ['longrope', { ...smollm2, rope_scaling: { type: 'longrope', factor: 2 } }, /RoPE type is "longrope"/],
    [
      'an unknown key of RoPE',
      { ...smollm2, rope_scaling: { type: 'dynamic', alpha: 1000 } },
      /^.*alpha in rope_scaling/,
    ],
    [
      'RoPE per layer type',
      { ...smollm2, rope_parameters: { full_attention: { rope_theta: 1 } } },
      /different RoPE settings/,
    ],
    ['llama3 without its factor', { ...smollm2, rope_scaling: { rope_type: 'llama3' } }, /factor .* is missing/],
    [
      'llama3 with crossed bands',
      { ...smollm2, rope_scaling: { rope_type: 'llama3', ...llama3, high_freq_factor: 1 } },
      /high_freq_factor <= low_freq_factor/,
    ],
    ['heads that do not divide', { ...smollm2, num_key_value_heads: 2 }, /cannot be divided evenly among 2/],
    [
      'a head size that is not a whole number',
      { ...smollm2, hidden_size: 577 },
      /hidden_size 577 is not a multiple of its 9/,
    ],
    ['an odd head size', { ...smollm2, head_dim: 63 }, /head_dim 63 is odd/],
    ['a negative size', { ...smollm2, vocab_size: -1 }, /vocab_size .* is -1, not a positive integer/],
    ['a size that is null', { ...smollm2, num_hidden_layers: null }, /num_hidden_layers .* is null/],
    ['text for a flag', { ...smollm2, tie_word_embeddings: 'yes' }, /tie_word_embeddings .* is "yes"/],
    [
      'an unknown layer type',
      { ...smollm2, num_hidden_layers: 1, layer_types: ['linear_attention'] },
      /layers of type "linear_attention"/,
    ],
  ])('%s', (_, json, reason) => {
    expect(() => parse(json)).toThrow(reason);
  });
});
