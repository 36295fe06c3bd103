import { attentionProjections, gatedMlp } from './llama.js';
import { type ModelFamily } from './model-family.js';

/** OLMo 2 (arXiv:2501.00656): norms after each block instead of before, and over all queries and all keys of a token. */
export const OLMO2: ModelFamily = {
  name: 'olmo2',
  architecture: 'Olmo2ForCausalLM',
  configuration: {
    defaults: {
      vocab_size: 50_304,
      intermediate_size: 11_008,
      max_position_embeddings: 2048,
      num_key_value_heads: null,
      head_dim: null,
    },
    derivedFromNull: ['num_key_value_heads'],
  },
  layerParameters(config) {
    const { hiddenSize, headCount, kvHeadCount, headDim } = config;
    return [
      ...attentionProjections(config),
      ['self_attn.q_norm.weight', [headCount * headDim]],
      ['self_attn.k_norm.weight', [kvHeadCount * headDim]],
      ['post_attention_layernorm.weight', [hiddenSize]],
      ...gatedMlp(config, 'mlp'),
      ['post_feedforward_layernorm.weight', [hiddenSize]],
    ];
  },
};
