import { type ModelConfig } from '../../../domain/model/model-config.js';
import { type Tensor } from '../../graph/graph.js';
import { LlamaLayer, llamaLayerParameters } from './llama.js';
import { type LocalFamily, type ParameterShapes } from './model-family.js';
import { QWEN_DEFAULTS } from './qwen2.js';

/** Dense Qwen3 (arXiv:2505.09388): Llama's layers with an RMS norm on each query and key head. */
export const QWEN3: LocalFamily = {
  name: 'qwen3',
  architecture: 'Qwen3ForCausalLM',
  configuration: {
    defaults: { ...QWEN_DEFAULTS, head_dim: 128 },
    derivedFromNull: ['num_key_value_heads'],
    slidingWindow: 'if_enabled',
  },
  layerParameters(config) {
    return [...llamaLayerParameters(config), ...headNorms(config)];
  },
  decoderLayer(context) {
    const layer = new Qwen3Layer(context);
    return (hidden) => layer.forward(hidden);
  },
};

/** Norms that all query heads and all key heads share. */
export function headNorms({ headDim }: ModelConfig): ParameterShapes {
  return [
    ['self_attn.q_norm.weight', [headDim]],
    ['self_attn.k_norm.weight', [headDim]],
  ];
}

class Qwen3Layer extends LlamaLayer {
  protected override queryOrKeyHeads(x: Tensor, projection: 'q_proj' | 'k_proj', count: number): Tensor {
    const norm = projection === 'q_proj' ? 'q_norm' : 'k_norm';
    return this.norm(this.heads(x, projection, count), `self_attn.${norm}`, this.context.config.headDim);
  }
}
