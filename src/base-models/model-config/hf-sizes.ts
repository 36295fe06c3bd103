import { type ModelFamily } from '../../compute/models/families/model-family.js';
import { type ModelConfig } from '../../domain/model/model-config.js';
import { COMMON_DEFAULTS } from './hf-model-family.js';
import { ConfigReader, type Json, unsupported } from './hf-config-reader.js';

/** The sizes from which all parameters follow. @throws UnsupportedCheckpointError */
export function parseSizes(
  json: Json,
  { configuration }: ModelFamily,
  what: string,
): Omit<ModelConfig, 'family' | 'contextLength'> {
  const { derivedFromNull, headsDivideHiddenSize } = configuration;
  const defaults = { ...COMMON_DEFAULTS, ...configuration.defaults };
  const read = new ConfigReader(json, what);
  const hiddenSize = read.size('hidden_size', defaults.hidden_size);
  const headCount = read.size('num_attention_heads', defaults.num_attention_heads);
  const derivable = (key: 'head_dim' | 'num_key_value_heads', derived: number) =>
    json[key] === null && derivedFromNull.includes(key) ? derived : read.size(key, defaults[key] ?? derived);
  const kvHeadCount = derivable('num_key_value_heads', headCount);
  const headDim = derivable('head_dim', Math.floor(hiddenSize / headCount));
  if (headsDivideHiddenSize && hiddenSize % headCount !== 0) {
    throw unsupported(what, `its hidden_size ${hiddenSize} is not a multiple of its ${headCount} attention heads`);
  }
  if (headCount % kvHeadCount !== 0) {
    throw unsupported(
      what,
      `its ${headCount} attention heads cannot be divided evenly among ${kvHeadCount} key/value heads`,
    );
  }
  if (headDim % 2 !== 0) throw unsupported(what, `its head_dim ${headDim} is odd, so RoPE has no pairs to rotate`);
  return {
    vocabSize: read.size('vocab_size', defaults.vocab_size),
    hiddenSize,
    intermediateSize: read.size('intermediate_size', defaults.intermediate_size),
    layerCount: read.size('num_hidden_layers', defaults.num_hidden_layers),
    headCount,
    kvHeadCount,
    headDim,
    tiedEmbeddings: read.flag('tie_word_embeddings', defaults.tie_word_embeddings),
  };
}
