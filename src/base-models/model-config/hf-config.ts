import { type TransformerConfig } from '../../domain/model/transformer-config.js';
import { type ModelFamily } from '../../compute/models/families/model-family.js';
import { attentionWindow } from './hf-attention-window.js';
import { COMMON_DEFAULTS, familyOf } from './hf-model-family.js';
import { refuseUnsupportedFields } from './hf-config-fields.js';
import { ConfigReader, isRecord, type Json, unsupported } from './hf-config-reader.js';
import { parseRope } from './hf-rope-config.js';

/** Names that transformers' ACT2FN gives to x * sigmoid(x). */
const SILU = ['silu', 'swish'];

/**
 * A Hugging Face config.json as TransformerConfig, read as transformers 5 reads it: the same defaults for what is absent,
 * the same precedence where something is stated twice. What is read here is what the engine computes; every setting that
 * would change the computation in a way the engine does not have is refused with its reason, never ignored.
 *
 * @param what names the model in errors
 * @param note called with what the operator should know: limits of the context, fields that nothing reads
 * @throws UnsupportedCheckpointError with the reason.
 */
export function parseHfConfig(
  json: unknown,
  what: string,
  note: (text: string) => void = () => undefined,
): TransformerConfig {
  if (!isRecord(json)) throw unsupported(what, 'its config.json is not a JSON object');
  const family = familyOf(json, what);
  refuseUnsupportedFields(json, family, what, note);
  const act = json['hidden_act'] === undefined ? COMMON_DEFAULTS.hidden_act : json['hidden_act'];
  if (!SILU.some((name) => name === act)) {
    throw unsupported(what, `its activation (hidden_act) is ${JSON.stringify(act)} instead of silu`);
  }
  const read = new ConfigReader(json, what);
  const { defaults } = family.configuration;
  const maxPositions = read.size('max_position_embeddings', defaults.max_position_embeddings);
  const { rope, contextLength, note: ropeNote } = parseRope(json, maxPositions, what);
  if (ropeNote !== null) note(`${what}: ${ropeNote}`);
  const sizes = parseSizes(json, family, what);
  return {
    family: family.name,
    ...sizes,
    rmsNormEps: read.positive('rms_norm_eps', COMMON_DEFAULTS.rms_norm_eps),
    contextLength: withinWindow(contextLength, attentionWindow(json, family, sizes.layerCount, what), what, note),
    tiedEmbeddings: read.flag('tie_word_embeddings', COMMON_DEFAULTS.tie_word_embeddings),
    rope,
  };
}

function parseSizes(json: Json, { configuration }: ModelFamily, what: string) {
  const { defaults, derivedFromNull, headsDivideHiddenSize } = configuration;
  const read = new ConfigReader(json, what);
  const hiddenSize = read.size('hidden_size', COMMON_DEFAULTS.hidden_size);
  const headCount = read.size('num_attention_heads', COMMON_DEFAULTS.num_attention_heads);
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
    layerCount: read.size('num_hidden_layers', COMMON_DEFAULTS.num_hidden_layers),
    headCount,
    kvHeadCount,
    headDim,
  };
}

/** The engine computes full attention, which a window changes only for longer sequences: those are not taken. */
function withinWindow(
  contextLength: number,
  window: number | null,
  what: string,
  note: (text: string) => void,
): number {
  if (window === null || window >= contextLength) return contextLength;
  note(
    `${what}: it uses sliding-window attention over ${window} tokens (sliding_window), so sequences are limited to that ` +
      `length instead of ${contextLength}.`,
  );
  return window;
}
