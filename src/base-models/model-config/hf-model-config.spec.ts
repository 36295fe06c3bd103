import { describe, expect, it } from 'vitest';
import { parseModelConfig } from './hf-model-config.js';

const SIZES = {
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  vocab_size: 64,
  max_position_embeddings: 128,
};
const gemma3 = { ...SIZES, architectures: ['Gemma3ForCausalLM'], model_type: 'gemma3_text', head_dim: 8 };
const phi3 = { ...SIZES, architectures: ['Phi3ForCausalLM'], model_type: 'phi3' };
const moe = {
  ...SIZES,
  architectures: ['Qwen3MoeForCausalLM'],
  model_type: 'qwen3_moe',
  num_experts: 4,
  moe_intermediate_size: 8,
};
const llama = { ...SIZES, architectures: ['LlamaForCausalLM'], model_type: 'llama' };

describe('parseModelConfig', () => {
  it.each(['local', 'megatron'] as const)('refuses on %s what torch alone computes, and says so', (backend) => {
    expect(() => parseModelConfig(gemma3, 'm', backend)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          /architecture is Gemma3ForCausalLM; supported are LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM/,
        ) as string,
        details: { remedy: 'Start the server with BACKEND=torch.' },
      }),
    );
    expect(parseModelConfig(llama, 'm', backend).family).toBe('llama');
  });

  it('refuses on torch what no backend computes, and lists all families', () => {
    expect(() => parseModelConfig({ architectures: ['MambaForCausalLM'] }, 'm', 'torch')).toThrow(
      /supported are Llama.*Gemma3ForCausalLM, Olmo2ForCausalLM, Phi3ForCausalLM, Qwen3MoeForCausalLM, SmolLM3/,
    );
  });

  it('reads a model that the local engine computes alike on every backend', () => {
    const windowed = { ...llama, architectures: ['MistralForCausalLM'], model_type: 'mistral', sliding_window: 100 };
    expect(parseModelConfig(windowed, 'm', 'torch')).toEqual(parseModelConfig(windowed, 'm', 'local'));
    expect(parseModelConfig(windowed, 'm', 'torch').contextLength).toBe(100);
  });

  it('refuses Gemma 3 for images, and says what to do', () => {
    const json = { architectures: ['Gemma3ForConditionalGeneration'], model_type: 'gemma3', text_config: gemma3 };
    expect(() => parseModelConfig(json, 'm', 'torch')).toThrow(
      expect.objectContaining({ details: { remedy: expect.stringMatching(/text model alone/) as string } }),
    );
  });

  it('limits longrope to the length up to which it does not depend on the batch', () => {
    const notes: string[] = [];
    const factors = { short_factor: [1, 1], long_factor: [2, 2] };
    for (const type of ['longrope', 'su']) {
      const json = { ...phi3, original_max_position_embeddings: 32, rope_scaling: { type, ...factors } };
      expect(parseModelConfig(json, 'm', 'torch', (note) => notes.push(note)).contextLength).toBe(32);
    }
    expect(notes[0]).toMatch(/longrope depends on the batch beyond 32 tokens .* instead of 128/);
    expect(parseModelConfig({ ...phi3, rope_scaling: null }, 'm', 'torch').contextLength).toBe(128);
  });

  it("takes Phi-3's own code for the class that transformers has, and no other code", () => {
    const code = { AutoConfig: 'configuration_phi3.Phi3Config', AutoModelForCausalLM: 'modeling_phi3.Phi3ForCausalLM' };
    const json = { ...phi3, auto_map: { ...code, AutoTokenizer: 'Xenova/gpt-4o' } };
    expect(parseModelConfig(json, 'm', 'torch').family).toBe('phi3');
    const other = { ...json, auto_map: { ...code, AutoModelForCausalLM: 'mine.Phi3ForCausalLM' } };
    expect(() => parseModelConfig(other, 'm', 'torch')).toThrow(/its own code \(auto_map\)/);
  });

  it.each<[string, object, RegExp]>([
    ['capped scores of attention', { ...gemma3, attn_logit_softcapping: 50 }, /attn_logit_softcapping .* is 50/],
    ['capped logits', { ...gemma3, final_logit_softcapping: 30 }, /final_logit_softcapping .* is 30/],
    [
      'attention in both directions',
      { ...gemma3, use_bidirectional_attention: true },
      /not causal \(use_bidirectional_attention\)/,
    ],
    [
      'RoPE that depends on the batch',
      { ...gemma3, rope_scaling: { rope_type: 'dynamic', factor: 2 } },
      /RoPE type is "dynamic"; supported types are default, linear/,
    ],
    ['dropout', { ...phi3, resid_pdrop: 0.1 }, /resid_pdrop in its config.json is 0.1/],
    ['layers without experts', { ...moe, mlp_only_layers: [1] }, /some of its layers have no experts/],
    ['every second layer without experts', { ...moe, decoder_sparse_step: 2 }, /some of its layers have no experts/],
    ['quantized weights', { ...moe, quantization_config: { bits: 4 } }, /quantized/],
  ])('refuses %s', (_, json, message) => {
    expect(() => parseModelConfig(json, 'm', 'torch')).toThrow(message);
  });
});
