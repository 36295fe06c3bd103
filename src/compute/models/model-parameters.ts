import { type ModelConfig } from '../../domain/model/model-config.js';
import { MODEL_FAMILIES } from './families/model-families.js';

const EMBEDDING = 'model.embed_tokens.weight';

/**
 * The parameters of a base model by their Hugging Face names, with shapes as stored ([out, in] for linears). This is
 * the one list of what a checkpoint must hold; a tied output projection has no parameter of its own.
 */
export function modelParameters(config: ModelConfig): Map<string, readonly number[]> {
  const { vocabSize, hiddenSize, layerCount, tiedEmbeddings } = config;
  const ofLayer = MODEL_FAMILIES[config.family].layerParameters(config);
  const parameters = new Map<string, readonly number[]>();
  parameters.set(EMBEDDING, [vocabSize, hiddenSize]);
  for (let layer = 0; layer < layerCount; layer++) {
    for (const [name, shape] of ofLayer) parameters.set(`model.layers.${layer}.${name}`, shape);
  }
  parameters.set('model.norm.weight', [hiddenSize]);
  if (!tiedEmbeddings) parameters.set('lm_head.weight', [vocabSize, hiddenSize]);
  return parameters;
}

/** Numbers in all parameters. */
export function parameterCount(config: ModelConfig): number {
  let total = 0;
  for (const shape of modelParameters(config).values()) total += shape.reduce((product, size) => product * size, 1);
  return total;
}

/** Names of the parameters that rows are multiplied by, in the forward and in the backward. */
export function factorNames(config: ModelConfig): string[] {
  const matrices = [...modelParameters(config)].filter(([, shape]) => shape.length === 2).map(([name]) => name);
  return config.tiedEmbeddings ? matrices : matrices.filter((name) => name !== EMBEDDING);
}
