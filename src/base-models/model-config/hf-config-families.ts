import { type TransformerConfig } from '../../domain/model/transformer-config.js';
import { isRecord, type Json, unsupported } from './hf-config-reader.js';

/** One configuration class of transformers: its name, its defaults, and what its model computes beside the others. */
export interface Family {
  readonly family: TransformerConfig['family'];
  readonly architecture: string;
  readonly qkvBias: boolean;
  readonly qkNorm: boolean;
  readonly defaults: FamilyDefaults;
  /** Fields whose null transformers reads as "derive it"; elsewhere it refuses null. */
  readonly derivedFromNull: readonly ('head_dim' | 'num_key_value_heads')[];
}

/** Values of absent fields; null = derived from others. The same in all families: see COMMON_DEFAULTS. */
export interface FamilyDefaults {
  readonly vocab_size: number;
  readonly intermediate_size: number;
  readonly max_position_embeddings: number;
  /** null = num_attention_heads */
  readonly num_key_value_heads: number | null;
  /** null = hidden_size / num_attention_heads, rounded down */
  readonly head_dim: number | null;
}

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

const QWEN = {
  vocab_size: 151_936,
  intermediate_size: 22_016,
  max_position_embeddings: 32_768,
  num_key_value_heads: 32,
};

/** By model_type. test/fixtures/configs.json holds the defaults of transformers' classes, which these must equal. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  llama: {
    family: 'llama',
    architecture: 'LlamaForCausalLM',
    qkvBias: false,
    qkNorm: false,
    defaults: {
      ...{ vocab_size: 32_000, intermediate_size: 11_008, max_position_embeddings: 2048 },
      ...{ num_key_value_heads: null, head_dim: null },
    },
    derivedFromNull: ['head_dim', 'num_key_value_heads'],
  },
  mistral: {
    family: 'mistral',
    architecture: 'MistralForCausalLM',
    qkvBias: false,
    qkNorm: false,
    defaults: {
      ...{ vocab_size: 32_000, intermediate_size: 14_336, max_position_embeddings: 131_072 },
      ...{ num_key_value_heads: 8, head_dim: null },
    },
    derivedFromNull: ['head_dim'],
  },
  qwen2: {
    family: 'qwen2',
    architecture: 'Qwen2ForCausalLM',
    qkvBias: true,
    qkNorm: false,
    defaults: { ...QWEN, head_dim: null },
    derivedFromNull: ['num_key_value_heads'],
  },
  qwen3: {
    family: 'qwen3',
    architecture: 'Qwen3ForCausalLM',
    qkvBias: false,
    qkNorm: true,
    defaults: { ...QWEN, head_dim: 128 },
    derivedFromNull: ['num_key_value_heads'],
  },
};

/**
 * transformers' AutoModel goes by model_type, its model classes and other tools by architectures: both count, and where
 * they contradict each other nobody knows which weights are in the files.
 */
export function familyOf(json: Json, what: string): Family {
  const architectures = json['architectures'];
  const architecture: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  const modelType = json['model_type'];
  const supported = `supported are ${Object.values(FAMILIES).map((family) => family.architecture).join(', ')}`; // prettier-ignore
  const named = Object.values(FAMILIES).find((family) => family.architecture === architecture);
  if (architecture !== undefined && !named) {
    throw unsupported(what, `its architecture is ${printed(architecture)}; ${supported}`);
  }
  if (modelType === undefined && named) return named;
  if (modelType === undefined) throw unsupported(what, `its config.json specifies no architecture; ${supported}`);
  const typed = typeof modelType === 'string' && Object.hasOwn(FAMILIES, modelType) ? FAMILIES[modelType] : undefined;
  if (!typed) throw unsupported(what, `its model_type is ${printed(modelType)}; ${supported}`);
  if (named && named !== typed) {
    throw unsupported(what, `its architecture is ${named.architecture}, but its model_type is ${typed.family}`);
  }
  return typed;
}

function printed(value: unknown): string {
  return typeof value === 'string' ? value : isRecord(value) ? 'an object' : JSON.stringify(value);
}
