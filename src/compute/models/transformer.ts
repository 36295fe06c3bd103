import { type TransformerConfig } from '../../domain/model/transformer-config.js';
import { gatedSilu, rmsNorm } from '../graph/composites.js';
import { type Tensor } from '../graph/graph.js';
import { type Operations } from '../graph/operations.js';
import { type LoraLinears } from './lora-linears.js';

/**
 * The one definition of the models we run: Llama, Mistral, Qwen2 (biases on q, k, v) and Qwen3 (norms on q and k).
 * Everything but attention works on the tokens of a batch as rows, [T, H], with no padding; how rows become sequences is
 * the layout's business, which is all that differs between training, prefill and decoding.
 */
export interface SequenceLayout {
  /** [T, heads * D] -> [B, heads, S, D] */
  toHeads(x: Tensor, heads: number): Tensor;
  /** [B, heads, S, D] -> [T, heads * D] */
  fromHeads(x: Tensor): Tensor;
  /** Rotates by position; x is [B, heads, S, D]. */
  rotate(x: Tensor): Tensor;
  attend(layer: number, query: Tensor, keys: Tensor, values: Tensor): Tensor;
}

/** @returns the residual stream after the last layer, before the final norm, [T, H] */
export function transformer(
  ops: Operations,
  config: TransformerConfig,
  linears: LoraLinears,
  layout: SequenceLayout,
  tokens: Tensor,
): Tensor {
  let hidden = ops.gatherRows(embedding(ops, config), tokens);
  for (let layer = 0; layer < config.layerCount; layer++) {
    const block = new DecoderLayer(ops, config, linears, layout, layer);
    hidden = block.feedForward(block.attention(hidden));
  }
  return hidden;
}

export function embedding(ops: Operations, config: TransformerConfig): Tensor {
  return ops.graph.weight('model.embed_tokens.weight', [config.vocabSize, config.hiddenSize]);
}

/** The output projection [V, H]; with tied embeddings the embedding matrix itself. */
export function outputProjection(ops: Operations, config: TransformerConfig): Tensor {
  if (config.tiedEmbeddings) return embedding(ops, config);
  return ops.graph.weight('lm_head.weight', [config.vocabSize, config.hiddenSize]);
}

export function finalNorm(ops: Operations, config: TransformerConfig, hidden: Tensor): Tensor {
  return rmsNorm(ops, hidden, ops.graph.weight('model.norm.weight', [config.hiddenSize]), config.rmsNormEps);
}

class DecoderLayer {
  private readonly prefix: string;

  constructor(
    private readonly ops: Operations,
    private readonly config: TransformerConfig,
    private readonly linears: LoraLinears,
    private readonly layout: SequenceLayout,
    private readonly layer: number,
  ) {
    this.prefix = `model.layers.${layer}`;
  }

  attention(hidden: Tensor): Tensor {
    const { config, layout } = this;
    const x = this.norm(hidden, 'input_layernorm', config.hiddenSize);
    const query = this.heads(x, 'q_proj', config.headCount);
    const keys = this.heads(x, 'k_proj', config.kvHeadCount);
    const values = layout.toHeads(this.projection(x, 'v_proj', config.kvHeadCount), config.kvHeadCount);
    const context = layout.fromHeads(layout.attend(this.layer, layout.rotate(query), layout.rotate(keys), values));
    const site = `${this.prefix}.attention_output`;
    return this.linears.linear(context, `${this.prefix}.self_attn.o_proj`, 'o_proj', config.hiddenSize, {
      site,
      residual: hidden,
    });
  }

  feedForward(hidden: Tensor): Tensor {
    const { config, linears, prefix } = this;
    const x = this.norm(hidden, 'post_attention_layernorm', config.hiddenSize);
    const site = `${prefix}.mlp_input`;
    const gate = linears.linear(x, `${prefix}.mlp.gate_proj`, 'gate_proj', config.intermediateSize, { site });
    const up = linears.linear(x, `${prefix}.mlp.up_proj`, 'up_proj', config.intermediateSize, { site });
    return linears.linear(
      gatedSilu(this.ops, gate, up),
      `${prefix}.mlp.down_proj`,
      'down_proj',
      config.hiddenSize,
      { site: `${prefix}.mlp_inner`, residual: hidden }, // prettier-ignore
    );
  }

  /** Query or key heads, normalised per head where the model does so. */
  private heads(x: Tensor, target: 'q_proj' | 'k_proj', count: number): Tensor {
    const heads = this.layout.toHeads(this.projection(x, target, count), count);
    if (!this.config.qkNorm) return heads;
    return this.norm(heads, `self_attn.${target === 'q_proj' ? 'q_norm' : 'k_norm'}`, this.config.headDim);
  }

  private projection(x: Tensor, target: 'q_proj' | 'k_proj' | 'v_proj', heads: number): Tensor {
    const module = `${this.prefix}.self_attn.${target}`;
    return this.linears.linear(x, module, target, heads * this.config.headDim, {
      site: `${this.prefix}.attention_input`,
      ...(this.config.qkvBias ? { bias: `${module}.bias` } : {}),
    });
  }

  private norm(x: Tensor, name: string, size: number): Tensor {
    const weight = this.ops.graph.weight(`${this.prefix}.${name}.weight`, [size]);
    return rmsNorm(this.ops, x, weight, this.config.rmsNormEps);
  }
}
