import { type ModelConfig } from '../../../domain/model/model-config.js';
import { gatedSilu, rmsNorm } from '../../graph/composites.js';
import { type Tensor } from '../../graph/graph.js';
import { type LayerContext, type LocalFamily, type ParameterShapes } from './model-family.js';

type HeadProjection = 'q_proj' | 'k_proj' | 'v_proj';

/** Llama 2 and 3 (arXiv:2307.09288, arXiv:2407.21783), and every model published as LlamaForCausalLM. */
export const LLAMA: LocalFamily = {
  name: 'llama',
  architecture: 'LlamaForCausalLM',
  configuration: {
    defaults: {
      vocab_size: 32_000,
      intermediate_size: 11_008,
      max_position_embeddings: 2048,
      num_key_value_heads: null,
      head_dim: null,
    },
    derivedFromNull: ['head_dim', 'num_key_value_heads'],
    // Llama has no window; but where one is stated, transformers' cache drops what lies before it.
    slidingWindow: 'if_stated',
    headsDivideHiddenSize: true,
  },
  layerParameters: llamaLayerParameters,
  decoderLayer(context) {
    const layer = new LlamaLayer(context);
    return (hidden) => layer.forward(hidden);
  },
};

export function llamaLayerParameters(config: ModelConfig): ParameterShapes {
  const { hiddenSize } = config;
  return [
    ['input_layernorm.weight', [hiddenSize]],
    ...attentionProjections(config),
    ['post_attention_layernorm.weight', [hiddenSize]],
    ...gatedMlp(config, 'mlp'),
  ];
}

export function attentionProjections({ hiddenSize, headCount, kvHeadCount, headDim }: ModelConfig): ParameterShapes {
  const queries = headCount * headDim;
  const keys = kvHeadCount * headDim;
  return [
    ['self_attn.q_proj.weight', [queries, hiddenSize]],
    ['self_attn.k_proj.weight', [keys, hiddenSize]],
    ['self_attn.v_proj.weight', [keys, hiddenSize]],
    ['self_attn.o_proj.weight', [hiddenSize, queries]],
  ];
}

export function gatedMlp({ hiddenSize, intermediateSize }: ModelConfig, module: string): ParameterShapes {
  return [
    [`${module}.gate_proj.weight`, [intermediateSize, hiddenSize]],
    [`${module}.up_proj.weight`, [intermediateSize, hiddenSize]],
    [`${module}.down_proj.weight`, [hiddenSize, intermediateSize]],
  ];
}

/**
 * Grouped-query attention with RoPE and a gated SiLU MLP, each behind an RMS norm and with a residual. The families that
 * descend from Llama override what they do differently.
 */
export class LlamaLayer {
  protected readonly prefix: string;

  constructor(protected readonly context: LayerContext) {
    this.prefix = `model.layers.${context.layer}`;
  }

  forward(hidden: Tensor): Tensor {
    return this.feedForward(this.attention(hidden));
  }

  private attention(hidden: Tensor): Tensor {
    const { config, layout, layer, linears } = this.context;
    const x = this.norm(hidden, 'input_layernorm', config.hiddenSize);
    const query = this.queryOrKeyHeads(x, 'q_proj', config.headCount);
    const keys = this.queryOrKeyHeads(x, 'k_proj', config.kvHeadCount);
    const values = this.heads(x, 'v_proj', config.kvHeadCount);
    const attended = layout.attend(layer, layout.rotate(query), layout.rotate(keys), values);
    return linears.linear(attended, `${this.prefix}.self_attn.o_proj`, 'o_proj', config.hiddenSize, {
      site: `${this.prefix}.attention_output`,
      residual: hidden,
    });
  }

  private feedForward(hidden: Tensor): Tensor {
    const { ops, config, linears } = this.context;
    const { prefix } = this;
    const x = this.norm(hidden, 'post_attention_layernorm', config.hiddenSize);
    const site = `${prefix}.mlp_input`;
    const gate = linears.linear(x, `${prefix}.mlp.gate_proj`, 'gate_proj', config.intermediateSize, { site });
    const up = linears.linear(x, `${prefix}.mlp.up_proj`, 'up_proj', config.intermediateSize, { site });
    const inner = gatedSilu(ops, gate, up);
    return linears.linear(inner, `${prefix}.mlp.down_proj`, 'down_proj', config.hiddenSize, {
      site: `${prefix}.mlp_inner`,
      residual: hidden,
    });
  }

  /** Query or key heads before RoPE, [T, count, 1, D]. */
  protected queryOrKeyHeads(x: Tensor, projection: 'q_proj' | 'k_proj', count: number): Tensor {
    return this.heads(x, projection, count);
  }

  protected heads(x: Tensor, projection: HeadProjection, count: number): Tensor {
    const { ops, config, linears } = this.context;
    const module = `${this.prefix}.self_attn.${projection}`;
    const bias = this.biasOf(module);
    const projected = linears.linear(x, module, projection, count * config.headDim, {
      site: `${this.prefix}.attention_input`,
      ...(bias === null ? {} : { bias }),
    });
    return ops.reshape(projected, [projected.shape[0]!, count, 1, config.headDim]);
  }

  /** Name of the bias of a query, key or value projection; null if it has none. */
  protected biasOf(_module: string): string | null {
    return null;
  }

  protected norm(x: Tensor, name: string, size: number): Tensor {
    const { ops, config } = this.context;
    return rmsNorm(ops, x, ops.graph.weight(`${this.prefix}.${name}.weight`, [size]), config.rmsNormEps);
  }
}
