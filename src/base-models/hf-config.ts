import { UnsupportedCheckpointError } from '../formats/format.errors.js';
import { type RopeConfig, type TransformerConfig } from '../domain/transformer-config.js';

/**
 * A Hugging Face config.json as TransformerConfig. What is read here is what the engine computes; every setting that
 * would change the computation in a way the engine does not have is refused with its reason, never ignored. RoPE is
 * read in both ways it is stated: `rope_theta` + `rope_scaling`, and the `rope_parameters` of transformers 5.
 */

type Json = Readonly<Record<string, unknown>>;

interface FamilyTraits {
  readonly family: TransformerConfig['family'];
  readonly qkvBias: boolean;
  readonly qkNorm: boolean;
  /** What transformers assumes where config.json is silent; null = hidden_size / num_attention_heads. */
  readonly defaultHeadDim: number | null;
}

const FAMILIES: Readonly<Record<string, FamilyTraits>> = {
  LlamaForCausalLM: { family: 'llama', qkvBias: false, qkNorm: false, defaultHeadDim: null },
  MistralForCausalLM: { family: 'mistral', qkvBias: false, qkNorm: false, defaultHeadDim: null },
  Qwen2ForCausalLM: { family: 'qwen2', qkvBias: true, qkNorm: false, defaultHeadDim: null },
  Qwen3ForCausalLM: { family: 'qwen3', qkvBias: false, qkNorm: true, defaultHeadDim: 128 },
};

/** `what` names the model in errors. @throws UnsupportedCheckpointError with the reason. */
export function parseHfConfig(json: unknown, what: string): TransformerConfig {
  if (!isRecord(json)) throw unsupported(what, 'its config.json is not a JSON object');
  const read = new ConfigReader(json, what);
  const traits = familyOf(json, what);
  refuseUnknownComputation(json, traits, what);

  const headCount = read.size('num_attention_heads');
  const hiddenSize = read.size('hidden_size');
  // Llama's older configs leave it out when every head has its own keys and values.
  const kvHeadCount = read.size('num_key_value_heads', traits.family === 'llama' ? headCount : undefined);
  const headDim = read.size('head_dim', traits.defaultHeadDim ?? hiddenSize / headCount);
  const config: TransformerConfig = {
    family: traits.family,
    vocabSize: read.size('vocab_size'),
    hiddenSize,
    intermediateSize: read.size('intermediate_size'),
    layerCount: read.size('num_hidden_layers'),
    headCount,
    kvHeadCount,
    headDim,
    rmsNormEps: read.positive('rms_norm_eps', 1e-6),
    contextLength: read.size('max_position_embeddings'),
    tiedEmbeddings: read.flag('tie_word_embeddings', false),
    qkvBias: traits.qkvBias,
    qkNorm: traits.qkNorm,
    rope: parseRope(json, what),
  };
  if (headCount % kvHeadCount !== 0) {
    throw unsupported(what, `its ${headCount} attention heads do not share ${kvHeadCount} key/value heads evenly`);
  }
  if (headDim % 2 !== 0) throw unsupported(what, `its head_dim ${headDim} is odd, so RoPE has no pairs to rotate`);
  refuseSlidingWindow(json, config, what);
  return config;
}

function familyOf(json: Json, what: string): FamilyTraits {
  const architectures = json['architectures'];
  const name: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  const traits = typeof name === 'string' && Object.hasOwn(FAMILIES, name) ? FAMILIES[name] : undefined;
  if (traits) return traits;
  const stated = typeof name === 'string' ? `its architecture is ${name}` : 'its config.json names no architecture';
  throw unsupported(what, `${stated}; supported are ${Object.keys(FAMILIES).join(', ')}`);
}

function refuseUnknownComputation(json: Json, traits: FamilyTraits, what: string): void {
  if (json['quantization_config'] !== undefined && json['quantization_config'] !== null) {
    throw unsupported(what, 'its weights are quantized (quantization_config)', 'Use the unquantized checkpoint.');
  }
  const act = json['hidden_act'] ?? 'silu';
  if (act !== 'silu') throw unsupported(what, `its activation (hidden_act) is ${JSON.stringify(act)}, not silu`);
  // Qwen2 states no attention_bias: its biases on q, k and v (and only those) belong to the architecture.
  if (json['attention_bias'] === true && traits.family !== 'qwen2') {
    throw unsupported(what, 'its attention has biases (attention_bias)');
  }
  if (json['mlp_bias'] === true) throw unsupported(what, 'its MLP has biases (mlp_bias)');
}

/** Within the window, sliding and full attention are the same; beyond it they are not, and sequences may go there. */
function refuseSlidingWindow(json: Json, config: TransformerConfig, what: string): void {
  const layerTypes = json['layer_types'];
  const known = new Set<unknown>(['full_attention', 'sliding_attention']);
  if (Array.isArray(layerTypes)) {
    const other: unknown = layerTypes.find((type) => !known.has(type));
    if (other !== undefined) throw unsupported(what, `it has layers of type ${JSON.stringify(other)} (layer_types)`);
  }
  const window = json['sliding_window'];
  if (typeof window !== 'number' || window >= config.contextLength) return;
  if (slides(json, config, layerTypes)) {
    throw unsupported(
      what,
      `its attention slides over ${window} tokens (sliding_window), less than its context of ${config.contextLength}`,
      `Set max_position_embeddings in config.json to ${window} to use it up to that length.`,
    );
  }
}

function slides(json: Json, config: TransformerConfig, layerTypes: unknown): boolean {
  if (config.family === 'llama') return false;
  if (Array.isArray(layerTypes)) return layerTypes.includes('sliding_attention');
  if (config.family === 'mistral') return true;
  const fullLayers = typeof json['max_window_layers'] === 'number' ? json['max_window_layers'] : 28;
  return json['use_sliding_window'] === true && fullLayers < config.layerCount;
}

function parseRope(json: Json, what: string): RopeConfig {
  const parameters = json['rope_parameters'];
  const scaling = json['rope_scaling'];
  const stated = isRecord(parameters) ? parameters : isRecord(scaling) ? scaling : {};
  const read = new ConfigReader({ rope_theta: json['rope_theta'], ...stated }, what);
  const partial = stated['partial_rotary_factor'] ?? json['partial_rotary_factor'] ?? 1;
  if (partial !== 1)
    throw unsupported(what, `only ${JSON.stringify(partial)} of each head is rotated (partial_rotary_factor)`);
  if (isRecord(parameters) && Object.values(parameters).some(isRecord)) {
    throw unsupported(what, 'its layers differ in RoPE (rope_parameters per layer type)');
  }
  const theta = read.positive('rope_theta', 10_000);
  const type = stated['rope_type'] ?? stated['type'] ?? 'default';
  if (type === 'default') return { theta, llama3: null };
  if (type !== 'llama3') {
    throw unsupported(what, `its RoPE scaling is of type ${JSON.stringify(type)}; supported are default and llama3`);
  }
  const llama3 = {
    factor: read.positive('factor'),
    lowFreqFactor: read.positive('low_freq_factor'),
    highFreqFactor: read.positive('high_freq_factor'),
    originalContextLength: read.size('original_max_position_embeddings'),
  };
  if (llama3.highFreqFactor <= llama3.lowFreqFactor) {
    throw unsupported(what, 'its llama3 RoPE scaling has high_freq_factor <= low_freq_factor');
  }
  return { theta, llama3 };
}

/** Reads numbers and flags; null and absent mean the default. */
class ConfigReader {
  constructor(
    private readonly json: Json,
    private readonly what: string,
  ) {}

  size(key: string, fallback?: number): number {
    const value = this.json[key] ?? fallback;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
    throw this.wrong(key, value, 'a positive whole number');
  }

  positive(key: string, fallback?: number): number {
    const value = this.json[key] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw this.wrong(key, value, 'a positive number');
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.json[key] ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.wrong(key, value, 'true or false');
  }

  private wrong(key: string, value: unknown, wanted: string): UnsupportedCheckpointError {
    const stated = value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`;
    return unsupported(this.what, `${key} in its config.json ${stated}, not ${wanted}`);
  }
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unsupported(what: string, reason: string, remedy?: string): UnsupportedCheckpointError {
  return new UnsupportedCheckpointError(`${what} cannot be loaded: ${reason}.`, remedy ? { remedy } : {});
}
