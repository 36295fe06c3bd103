import { type TransformerConfig } from '../../domain/model/transformer-config.js';
import { LOCAL_FAMILIES } from '../../compute/models/families/model-families.js';
import { attentionWindow } from './hf-attention-window.js';
import { COMMON_DEFAULTS, familyOf } from './hf-model-family.js';
import { refuseUnsupportedFields } from './hf-config-fields.js';
import { ConfigReader, isRecord, unsupported } from './hf-config-reader.js';
import { parseRope } from './hf-rope-config.js';
import { parseSizes } from './hf-sizes.js';

/** Names that transformers' ACT2FN gives to x * sigmoid(x). */
const SILU = ['silu', 'swish'];

/**
 * A Hugging Face config.json as what the local engine computes, read as transformers 5 reads it: the same defaults for what is absent,
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
  const family = familyOf(json, what, Object.values(LOCAL_FAMILIES));
  refuseUnsupportedFields(json, family, what, note);
  const act = json['hidden_act'] === undefined ? COMMON_DEFAULTS.hidden_act : json['hidden_act'];
  if (!SILU.some((name) => name === act)) {
    throw unsupported(what, `its activation (hidden_act) is ${JSON.stringify(act)} instead of silu`);
  }
  const read = new ConfigReader(json, what);
  const maxPositions = read.size('max_position_embeddings', family.configuration.defaults.max_position_embeddings);
  const { rope, contextLength, note: ropeNote } = parseRope(json, maxPositions, what);
  if (ropeNote !== null) note(`${what}: ${ropeNote}`);
  const sizes = parseSizes(json, family, what);
  return {
    family: family.name,
    ...sizes,
    rmsNormEps: read.positive('rms_norm_eps', COMMON_DEFAULTS.rms_norm_eps),
    contextLength: withinWindow(contextLength, attentionWindow(json, family, sizes.layerCount, what), what, note),
    rope,
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
