import { type ModelFamily } from '../../compute/models/families/model-family.js';
import { MODEL_FAMILIES } from '../../compute/models/families/model-families.js';
import { isRecord, type Json, unsupported } from './hf-config-reader.js';

/** Values of absent fields that are the same in every family; the others are in the families' files. */
export const COMMON_DEFAULTS = {
  hidden_size: 4096,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  hidden_act: 'silu',
  rms_norm_eps: 1e-6,
  tie_word_embeddings: false,
  sliding_window: 4096,
  use_sliding_window: false,
  max_window_layers: 28,
  attention_bias: false,
  mlp_bias: false,
  attention_dropout: 0,
} as const;

/**
 * transformers' AutoModel goes by model_type, its model classes and other tools by architectures: both count, and where
 * they contradict each other nobody knows which weights are in the files.
 */
export function familyOf(json: Json, what: string): ModelFamily {
  const families = Object.values(MODEL_FAMILIES);
  const architectures = json['architectures'];
  const architecture: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  const modelType = json['model_type'];
  const supported = `supported are ${families.map((family) => family.architecture).join(', ')}`;
  const named = families.find((family) => family.architecture === architecture);
  if (architecture !== undefined && !named) {
    throw unsupported(what, `its architecture is ${printed(architecture)}; ${supported}`);
  }
  if (modelType === undefined && named) return named;
  if (modelType === undefined) throw unsupported(what, `its config.json specifies no architecture; ${supported}`);
  const typed = families.find(({ name }) => name === modelType);
  if (!typed) throw unsupported(what, `its model_type is ${printed(modelType)}; ${supported}`);
  if (named && named !== typed) {
    throw unsupported(what, `its architecture is ${named.architecture}, but its model_type is ${typed.name}`);
  }
  return typed;
}

function printed(value: unknown): string {
  return typeof value === 'string' ? value : isRecord(value) ? 'an object' : JSON.stringify(value);
}
