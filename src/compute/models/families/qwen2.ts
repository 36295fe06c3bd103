import { type ConfigurationDefaults, type LocalFamily } from './model-family.js';
import { LlamaLayer, llamaLayerParameters } from './llama.js';

export const QWEN_DEFAULTS: ConfigurationDefaults = {
  vocab_size: 151_936,
  intermediate_size: 22_016,
  max_position_embeddings: 32_768,
  num_key_value_heads: 32,
  head_dim: null,
};

/** Qwen2 and Qwen2.5 (arXiv:2407.10671): Llama's layers with biases on the query, key and value projections. */
export const QWEN2: LocalFamily = {
  name: 'qwen2',
  architecture: 'Qwen2ForCausalLM',
  configuration: {
    defaults: QWEN_DEFAULTS,
    derivedFromNull: ['num_key_value_heads'],
    slidingWindow: 'if_enabled',
    // The class has exactly the biases below, whatever config.json says.
    unreadFields: ['attention_bias'],
  },
  layerParameters(config) {
    const { headCount, kvHeadCount, headDim } = config;
    return [
      ...llamaLayerParameters(config),
      ['self_attn.q_proj.bias', [headCount * headDim]],
      ['self_attn.k_proj.bias', [kvHeadCount * headDim]],
      ['self_attn.v_proj.bias', [kvHeadCount * headDim]],
    ];
  },
  decoderLayer(context) {
    const layer = new Qwen2Layer(context);
    return (hidden) => layer.forward(hidden);
  },
};

class Qwen2Layer extends LlamaLayer {
  protected override biasOf(module: string): string {
    return `${module}.bias`;
  }
}
