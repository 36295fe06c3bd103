import { type TransformerConfig } from '../../domain/model/transformer-config.js';
import { recomputed, rmsNorm } from '../graph/composites.js';
import { type Tensor } from '../graph/graph.js';
import { type Operations } from '../graph/operations.js';
import { LOCAL_FAMILIES } from './families/model-families.js';
import { type LoraLinears } from './lora-linears.js';
import { type SequenceLayout } from './sequence-layout.js';

/**
 * A decoder-only transformer: embedding, the family's layers, final norm, output projection.
 *
 * @param recompute keeps of each layer only what goes into it, and computes the rest again for its backward
 * @returns the residual stream after the last layer, before the final norm, [T, H]
 */
export function transformer(
  ops: Operations,
  config: TransformerConfig,
  linears: LoraLinears,
  layout: SequenceLayout,
  tokens: Tensor,
  { recompute = false }: { recompute?: boolean } = {},
): Tensor {
  const family = LOCAL_FAMILIES[config.family];
  let hidden = ops.gatherRows(embedding(ops, config), tokens);
  for (let layer = 0; layer < config.layerCount; layer++) {
    const record = family.decoderLayer({ ops, config, linears, layout, layer });
    hidden = recompute ? recomputed(ops, hidden, record) : record(hidden);
  }
  return hidden;
}

function embedding(ops: Operations, config: TransformerConfig): Tensor {
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
