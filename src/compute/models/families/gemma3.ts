import { attentionProjections, gatedMlp } from './llama.js';
import { type ModelFamily } from './model-family.js';
import { headNorms } from './qwen3.js';

/** The text models of Gemma 3 (arXiv:2503.19786): norms before and after each block, five sliding layers to a full one. */
export const GEMMA3: ModelFamily = {
  name: 'gemma3_text',
  architecture: 'Gemma3ForCausalLM',
  configuration: {
    defaults: {
      vocab_size: 262_208,
      hidden_size: 2304,
      intermediate_size: 9216,
      num_hidden_layers: 26,
      num_attention_heads: 8,
      max_position_embeddings: 131_072,
      num_key_value_heads: 4,
      head_dim: 256,
      tie_word_embeddings: true,
    },
    derivedFromNull: [],
    headsDivideHiddenSize: true,
    rope: 'per_layer_type',
    ownFields: ['hidden_activation', 'query_pre_attn_scalar', 'rope_local_base_freq', 'sliding_window_pattern'],
  },
  layerParameters(config) {
    const { hiddenSize } = config;
    return [
      ['input_layernorm.weight', [hiddenSize]],
      ...attentionProjections(config),
      ...headNorms(config),
      ['post_attention_layernorm.weight', [hiddenSize]],
      ['pre_feedforward_layernorm.weight', [hiddenSize]],
      ...gatedMlp(config, 'mlp'),
      ['post_feedforward_layernorm.weight', [hiddenSize]],
    ];
  },
};
