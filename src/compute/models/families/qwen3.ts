import { type Tensor } from '../../graph/graph.js';
import { LlamaLayer, llamaLayerParameters } from './llama.js';
import { type ModelFamily } from './model-family.js';
import { QWEN_DEFAULTS } from './qwen2.js';

/** Dense Qwen3 (arXiv:2505.09388): Llama's layers with an RMS norm on each query and key head. */
export const QWEN3: ModelFamily = {
  name: 'qwen3',
  architecture: 'Qwen3ForCausalLM',
  configuration: {
    defaults: { ...QWEN_DEFAULTS, head_dim: 128 },
    derivedFromNull: ['num_key_value_heads'],
    slidingWindow: 'if_enabled',
  },
  layerParameters(config) {
    return [
      ...llamaLayerParameters(config),
      ['self_attn.q_norm.weight', [config.headDim]],
      ['self_attn.k_norm.weight', [config.headDim]],
    ];
  },
  decoderLayer(context) {
    const layer = new Qwen3Layer(context);
    return (hidden) => layer.forward(hidden);
  },
};

class Qwen3Layer extends LlamaLayer {
  protected override queryOrKeyHeads(x: Tensor, projection: 'q_proj' | 'k_proj', count: number): Tensor {
    const norm = projection === 'q_proj' ? 'q_norm' : 'k_norm';
    return this.norm(this.heads(x, projection, count), `self_attn.${norm}`, this.context.config.headDim);
  }
}
