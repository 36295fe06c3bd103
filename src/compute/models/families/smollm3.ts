import { llamaLayerParameters } from './llama.js';
import { type ModelFamily } from './model-family.js';

/** SmolLM3: Llama's layers, every fourth of which has no RoPE. */
export const SMOLLM3: ModelFamily = {
  name: 'smollm3',
  architecture: 'SmolLM3ForCausalLM',
  configuration: {
    defaults: {
      vocab_size: 128_256,
      hidden_size: 2048,
      intermediate_size: 11_008,
      num_hidden_layers: 36,
      num_attention_heads: 16,
      max_position_embeddings: 32_768,
      num_key_value_heads: 4,
      head_dim: null,
      tie_word_embeddings: true,
    },
    derivedFromNull: ['num_key_value_heads'],
    ownFields: ['no_rope_layers', 'no_rope_layer_interval'],
  },
  layerParameters: llamaLayerParameters,
};
