import { type ModelFamily } from '../../compute/models/families/model-family.js';
import { COMMON_DEFAULTS } from './hf-model-family.js';
import { isRecord, type Json, unsupported } from './hf-config-reader.js';

/**
 * Every field of config.json is judged: it is read, or it cannot change numbers, or it is refused unless it has the value
 * that changes nothing. A field that is in none of these lists is ignored, as transformers ignores it, unless its name
 * speaks of the computation: then it is refused, because somebody meant something by it.
 */

export const READ_FIELDS: ReadonlySet<string> = new Set([
  'architectures',
  'model_type',
  'vocab_size',
  'hidden_size',
  'intermediate_size',
  'num_hidden_layers',
  'num_attention_heads',
  'num_key_value_heads',
  'head_dim',
  'hidden_act',
  'rms_norm_eps',
  'tie_word_embeddings',
  'max_position_embeddings',
  'original_max_position_embeddings',
  'partial_rotary_factor',
  'rope_theta',
  'rope_scaling',
  'rope_parameters',
  'sliding_window',
  'use_sliding_window',
  'max_window_layers',
  'layer_types',
]);

/** By reason. Names of the classes come from transformers' classes, the others from published files. */
export const HARMLESS_FIELDS: Readonly<Record<string, readonly string[]>> = {
  'how new weights are initialised; a trained model has its own': ['initializer_range'],
  'how weights are stored; the files specify it themselves': ['dtype', 'torch_dtype', 'use_bfloat16'],
  'splits the same sums, only in transformers before 5': ['pretraining_tp', 'chunk_size_feed_forward'],
  'what a Python call returns': [
    'return_dict',
    'output_hidden_states',
    'output_attentions',
    'torchscript',
    'tie_last_hidden_states',
  ],
  'which kernels compute the same thing': [
    'use_cache',
    'attn_implementation',
    'experts_implementation',
    'use_flash_attn',
    'use_flash_attention',
    'use_flash_attention_2',
    'gradient_checkpointing',
    'cache_implementation',
  ],
  'heads and labels of classifiers': [
    'id2label',
    'label2id',
    'num_labels',
    'problem_type',
    'finetuning_task',
    'task_specific_params',
    'classifier_dropout',
    'pooler_dropout',
  ],
  'tokens and texts, read with the tokenizer': [
    'pad_token_id',
    'bos_token_id',
    'eos_token_id',
    'sep_token_id',
    'unk_token_id',
    'decoder_start_token_id',
    'tokenizer_class',
    'prefix',
    'max_sequence_length',
    'model_max_length',
  ],
  'where the file comes from': [
    'transformers_version',
    'name_or_path',
    'unsloth_version',
    'unsloth_fixed',
    'transformers.js_config',
    'is_llama_config',
    'is_decoder',
    'model_name',
    'license',
    'language',
  ],
  'only used by vLLM, for texts of more than chunk_size tokens': ['dual_chunk_attention_config'],
  'sampling settings, which transformers moves to generation_config.json': [
    'assistant_confidence_threshold',
    'assistant_lookbehind',
    'bad_words_ids',
    'begin_suppress_tokens',
    'diversity_penalty',
    'do_sample',
    'early_stopping',
    'encoder_no_repeat_ngram_size',
    'encoder_repetition_penalty',
    'epsilon_cutoff',
    'eta_cutoff',
    'exponential_decay_length_penalty',
    'forced_bos_token_id',
    'forced_eos_token_id',
    'length_penalty',
    'max_length',
    'max_new_tokens',
    'min_length',
    'no_repeat_ngram_size',
    'num_assistant_tokens',
    'num_assistant_tokens_schedule',
    'num_beam_groups',
    'num_beams',
    'num_return_sequences',
    'output_scores',
    'remove_invalid_values',
    'repetition_penalty',
    'return_dict_in_generate',
    'suppress_tokens',
    'target_lookbehind',
    'temperature',
    'top_k',
    'top_p',
    'typical_p',
  ],
};

const HARMLESS: ReadonlySet<string> = new Set(Object.values(HARMLESS_FIELDS).flat());
/** transformers' own notes to itself, and ids of further special tokens. */
const HARMLESS_NAMES = /^_|_token_ids?$|_token_index$/;

interface Refusal {
  /** Beside null and emptiness, which change nothing anywhere. */
  readonly neutral: unknown;
  readonly reason?: string;
  readonly remedy?: string;
}

const UNQUANTIZED = 'Use the unquantized model.';

/** Fields that change numbers in transformers or elsewhere, with the value that does not. */
export const REFUSED_FIELDS: Readonly<Record<string, Refusal>> = {
  attention_bias: {
    neutral: COMMON_DEFAULTS.attention_bias,
    reason: 'its attention has biases (attention_bias)',
  },
  mlp_bias: { neutral: COMMON_DEFAULTS.mlp_bias, reason: 'its MLP has biases (mlp_bias)' },
  attention_dropout: {
    neutral: COMMON_DEFAULTS.attention_dropout,
    reason: 'it was trained with attention dropout (attention_dropout)',
    remedy: 'Set attention_dropout to 0 in config.json to train it without.',
  },
  quantization_config: {
    neutral: null,
    reason: 'its weights are quantized (quantization_config)',
    remedy: UNQUANTIZED,
  },
  quantization: { neutral: null, reason: 'its weights are quantized (quantization)', remedy: UNQUANTIZED },
  compression_config: { neutral: null, reason: 'its weights are compressed (compression_config)', remedy: UNQUANTIZED },
  auto_map: {
    neutral: null,
    reason: 'it requires its own code (auto_map), which is never executed',
    remedy: 'Remove auto_map from config.json if transformers runs it without trust_remote_code.',
  },
  embd_pdrop: { neutral: 0 },
  resid_pdrop: { neutral: 0 },
  use_bidirectional_attention: {
    neutral: false,
    reason: 'its attention is not causal (use_bidirectional_attention)',
  },
  is_causal: { neutral: true, reason: 'its attention is not causal (is_causal)' },
  is_encoder_decoder: { neutral: false },
  per_layer_config: { neutral: null, reason: 'its layers have different settings (per_layer_config)' },
  add_cross_attention: { neutral: false },
  pruned_heads: { neutral: null },
  tie_encoder_decoder: { neutral: false },
  hidden_activation: { neutral: 'silu' },
  rope_interleaved: { neutral: false },
  use_mrope: { neutral: false },
  attention_multiplier: { neutral: null },
  embedding_multiplier: { neutral: 1 },
  residual_multiplier: { neutral: 1 },
  logits_scaling: { neutral: 1 },
  logit_scale: { neutral: 1 },
  final_logit_softcapping: { neutral: null },
  attn_logit_softcapping: { neutral: null },
  query_pre_attn_scalar: { neutral: null },
};

/** Words of the computation: parts of names such as resid_pdrop, qk_layernorm, num_local_experts or rotary_pct. */
const COMPUTATION =
  /activation|alibi|attn|attention|bias|causal|chunk|clip|dropout|pdrop|expert|(^|_)act(_|$)|logit|lora|moe|multiplier|norm|nope|no_rope|parallel_(attn|residual)|prun|quant|residual|rope|rotary|scal(e|ing)|softcap|sparse|text_config|window/i;

/**
 * @param note called with what is ignored although nothing is known of it
 * @throws UnsupportedCheckpointError that names the field
 */
export function refuseUnsupportedFields(
  json: Json,
  { configuration }: ModelFamily,
  what: string,
  note: (text: string) => void,
): void {
  const ignored: string[] = [];
  for (const [field, value] of Object.entries(json)) {
    if (READ_FIELDS.has(field) || HARMLESS.has(field) || HARMLESS_NAMES.test(field) || isEmpty(value)) continue;
    if (configuration.unreadFields?.includes(field) || configuration.ownFields?.includes(field)) continue;
    const refusal = Object.hasOwn(REFUSED_FIELDS, field) ? REFUSED_FIELDS[field] : undefined;
    if (refusal) {
      if (value === refusal.neutral || (field === 'auto_map' && isFormerCode(value, configuration))) continue;
      throw unsupported(what, refusal.reason ?? changed(field, value), refusal.remedy);
    }
    if (COMPUTATION.test(field) && value !== false && value !== 0) {
      throw unsupported(
        what,
        `${changed(field, value)}, in an unknown way`,
        `Remove ${field} from config.json if the model works without it.`,
      );
    }
    ignored.push(field);
  }
  if (ignored.length > 0) note(`${what}: ignoring unknown fields of config.json: ${ignored.join(', ')}.`);
}

/** Does auto_map name only the class that transformers has by now? Tokenizers are read from their files in any case. */
function isFormerCode(value: unknown, { formerCode = [] }: ModelFamily['configuration']): boolean {
  const classes = isRecord(value) ? Object.entries(value).filter(([name]) => name !== 'AutoTokenizer') : [];
  return classes.length > 0 && classes.every(([, code]) => formerCode.some((known) => known === code));
}

function changed(field: string, value: unknown): string {
  const stated = isRecord(value) || Array.isArray(value) ? 'is set' : `is ${JSON.stringify(value)}`;
  return `${field} in its config.json ${stated}, which changes its computation`;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
