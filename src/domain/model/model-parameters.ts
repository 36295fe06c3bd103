import { type TransformerConfig } from './transformer-config.js';

/**
 * The parameters of a base model by their Hugging Face names, with shapes as stored ([out, in] for linears). This is
 * the one list of what a checkpoint must hold; a tied output projection has no parameter of its own.
 */
export function modelParameters(config: TransformerConfig): Map<string, readonly number[]> {
  const { vocabSize, hiddenSize, layerCount, tiedEmbeddings } = config;
  const parameters = new Map<string, readonly number[]>();
  parameters.set('model.embed_tokens.weight', [vocabSize, hiddenSize]);
  for (let layer = 0; layer < layerCount; layer++) {
    for (const [name, shape] of layerParameters(config)) parameters.set(`model.layers.${layer}.${name}`, shape);
  }
  parameters.set('model.norm.weight', [hiddenSize]);
  if (!tiedEmbeddings) parameters.set('lm_head.weight', [vocabSize, hiddenSize]);
  return parameters;
}

function layerParameters(config: TransformerConfig): [string, readonly number[]][] {
  const { hiddenSize, intermediateSize, headCount, kvHeadCount, headDim } = config;
  const queries = headCount * headDim;
  const keys = kvHeadCount * headDim;
  const parameters: [string, readonly number[]][] = [
    ['input_layernorm.weight', [hiddenSize]],
    ['self_attn.q_proj.weight', [queries, hiddenSize]],
    ['self_attn.k_proj.weight', [keys, hiddenSize]],
    ['self_attn.v_proj.weight', [keys, hiddenSize]],
    ['self_attn.o_proj.weight', [hiddenSize, queries]],
    ['post_attention_layernorm.weight', [hiddenSize]],
    ['mlp.gate_proj.weight', [intermediateSize, hiddenSize]],
    ['mlp.up_proj.weight', [intermediateSize, hiddenSize]],
    ['mlp.down_proj.weight', [hiddenSize, intermediateSize]],
  ];
  if (config.qkvBias) {
    parameters.push(
      ['self_attn.q_proj.bias', [queries]],
      ['self_attn.k_proj.bias', [keys]],
      ['self_attn.v_proj.bias', [keys]],
    );
  }
  if (config.qkNorm) {
    parameters.push(['self_attn.q_norm.weight', [headDim]], ['self_attn.k_norm.weight', [headDim]]);
  }
  return parameters;
}
