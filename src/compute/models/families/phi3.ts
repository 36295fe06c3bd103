import { type ModelFamily } from './model-family.js';

/** Phi-3 and Phi-4 mini (arXiv:2404.14219): Llama's layers with one linear for queries, keys and values, and one for gate and up. */
export const PHI3: ModelFamily = {
  name: 'phi3',
  architecture: 'Phi3ForCausalLM',
  configuration: {
    defaults: {
      vocab_size: 32_064,
      hidden_size: 3072,
      intermediate_size: 8192,
      max_position_embeddings: 4096,
      num_key_value_heads: null,
      head_dim: null,
    },
    derivedFromNull: ['num_key_value_heads'],
    rope: 'longrope',
    unreadFields: ['full_attn_mod', 'lm_head_bias'],
    formerCode: ['configuration_phi3.Phi3Config', 'modeling_phi3.Phi3ForCausalLM'],
  },
  layerParameters({ hiddenSize, intermediateSize, headCount, kvHeadCount, headDim }) {
    return [
      ['input_layernorm.weight', [hiddenSize]],
      ['self_attn.qkv_proj.weight', [(headCount + 2 * kvHeadCount) * headDim, hiddenSize]],
      ['self_attn.o_proj.weight', [hiddenSize, headCount * headDim]],
      ['post_attention_layernorm.weight', [hiddenSize]],
      ['mlp.gate_up_proj.weight', [2 * intermediateSize, hiddenSize]],
      ['mlp.down_proj.weight', [hiddenSize, intermediateSize]],
    ];
  },
};
