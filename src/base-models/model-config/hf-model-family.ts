import { type ModelFamily } from '../../compute/models/families/model-family.js';
import { LOCAL_FAMILIES, MODEL_FAMILIES } from '../../compute/models/families/model-families.js';
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
 * The one of the families that config.json names.
 *
 * transformers' AutoModel goes by model_type, its model classes and other tools by architectures: both count, and where
 * they contradict each other nobody knows which weights are in the files.
 */
export function familyOf<F extends ModelFamily>(json: Json, what: string, families: readonly F[]): F {
  const architectures = json['architectures'];
  const architecture: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  const modelType = json['model_type'];
  const supported = `supported are ${families.map((family) => family.architecture).join(', ')}`;
  const named = families.find((family) => family.architecture === architecture);
  if (architecture !== undefined && !named) {
    throw unsupported(what, `its architecture is ${printed(architecture)}; ${supported}`, remedyFor(architecture));
  }
  if (modelType === undefined && named) return named;
  if (modelType === undefined) throw unsupported(what, `its config.json specifies no architecture; ${supported}`);
  const typed = families.find(({ name }) => name === modelType);
  if (!typed) throw unsupported(what, `its model_type is ${printed(modelType)}; ${supported}`, remedyFor(modelType));
  if (named && named !== typed) {
    throw unsupported(what, `its architecture is ${named.architecture}, but its model_type is ${typed.name}`);
  }
  return typed;
}

export function isLocalFamily({ name }: ModelFamily): boolean {
  return Object.hasOwn(LOCAL_FAMILIES, name);
}

function remedyFor(stated: unknown): string | undefined {
  const elsewhere = Object.values(MODEL_FAMILIES).some(
    ({ name, architecture }) => stated === name || stated === architecture,
  );
  if (elsewhere) return 'Start the server with BACKEND=torch.';
  return stated === 'gemma3' || stated === 'Gemma3ForConditionalGeneration' ? TEXT_MODEL_ALONE : undefined;
}

const TEXT_MODEL_ALONE =
  'It is made for images too. With transformers, save its text model alone as Gemma3ForCausalLM (docs/base-models.md).';

function printed(value: unknown): string {
  return typeof value === 'string' ? value : isRecord(value) ? 'an object' : JSON.stringify(value);
}
