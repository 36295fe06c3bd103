import { type RopeConfig, type RopeScaling, type YarnRopeScaling } from '../../domain/model/transformer-config.js';
import { ConfigReader, isRecord, type Json, unsupported } from './hf-config-reader.js';

export interface ParsedRope {
  readonly rope: RopeConfig;
  /** Up to which the angles are right, in tokens. */
  readonly contextLength: number;
  /** What a reader of the log should know, if anything. */
  readonly note: string | null;
}

const DEFAULT_THETA = 10_000;

/** Keys that some RoPE type of transformers reads, and `finetuned`, which the authors of yarn wrote and nothing reads. */
const KNOWN_KEYS = new Set([
  'rope_type',
  'type',
  'rope_theta',
  'partial_rotary_factor',
  'factor',
  'original_max_position_embeddings',
  'attention_factor',
  'beta_fast',
  'beta_slow',
  'mscale',
  'mscale_all_dim',
  'truncate',
  'low_freq_factor',
  'high_freq_factor',
  'short_factor',
  'long_factor',
  'finetuned',
]);

/**
 * RoPE as transformers 5 resolves it (convert_rope_params_to_dict, standardize_rope_params and what the model's rotary
 * module does with the result): a filled `rope_scaling` wins over `rope_parameters`; its theta is its own, else the top
 * level's `rope_theta`, else 10000.
 *
 * @param maxPositions max_position_embeddings
 */
export function parseRope(json: Json, maxPositions: number, what: string): ParsedRope {
  const stated = statedRope(json, what);
  const read = new ConfigReader(stated, what);
  const statesTheta = Object.hasOwn(stated, 'rope_theta') ? stated : json;
  const theta = new ConfigReader(statesTheta, what).positive('rope_theta', DEFAULT_THETA);
  const scaled = (scaling: RopeScaling, contextLength: number): ParsedRope => {
    return { rope: { theta, scaling }, contextLength, note: null };
  };
  /** As vLLM counts it: the factor stretches what the model was trained for. */
  const stretched = (factor: number) => {
    const original = stated['original_max_position_embeddings'] ?? maxPositions;
    return Math.max(maxPositions, typeof original === 'number' ? Math.floor(original * factor) : 0);
  };
  const type = Object.hasOwn(stated, 'rope_type') ? stated['rope_type'] : (stated['type'] ?? 'default');
  switch (type) {
    case 'default':
      return { rope: { theta, scaling: null }, contextLength: maxPositions, note: null };
    case 'linear': {
      const factor = read.positive('factor');
      return scaled({ type, factor }, stretched(factor));
    }
    case 'dynamic':
      read.positive('factor');
      return { rope: { theta, scaling: null }, contextLength: maxPositions, note: dynamicNote(maxPositions) };
    case 'llama3':
      return scaled(parseLlama3(read, originalLength(json, read, maxPositions, what), what), maxPositions);
    case 'yarn': {
      const yarn = parseYarn(stated, read, originalLength(json, read, maxPositions, what), maxPositions);
      return scaled(yarn, Math.max(maxPositions, Math.floor(yarn.originalContextLength * yarn.factor)));
    }
    default:
      throw unsupported(
        what,
        `its RoPE type is ${JSON.stringify(type)}; supported types are default, linear, dynamic, yarn and llama3`,
      );
  }
}

/**
 * Beyond max_position_embeddings, transformers computes dynamic RoPE's frequencies anew from the length of the longest
 * sequence of a batch, keeps them for the calls that follow, and leaves cached keys as they were: one sequence then has
 * several results. Up to that length the frequencies are the plain ones, whatever the factor.
 */
function dynamicNote(maxPositions: number): string {
  return (
    `RoPE of type dynamic depends on the batch beyond ${maxPositions} tokens (max_position_embeddings), ` +
    'so sequences are limited to that length.'
  );
}

function statedRope(json: Json, what: string): Json {
  const scaling = json['rope_scaling'];
  const isFilled =
    scaling !== undefined && scaling !== null && !(isRecord(scaling) && Object.keys(scaling).length === 0);
  const name = isFilled ? 'rope_scaling' : 'rope_parameters';
  const stated = json[name] ?? {};
  if (!isRecord(stated))
    throw unsupported(what, `${name} in its config.json is ${JSON.stringify(stated)}, not an object`);
  if (Object.values(stated).some(isRecord)) {
    throw unsupported(what, `its layers have different RoPE settings (${name} per layer type)`);
  }
  const unknown = Object.keys(stated).find((key) => !KNOWN_KEYS.has(key));
  if (unknown !== undefined) throw unsupported(what, `${unknown} in ${name} of its config.json is unknown`);
  const partial = stated['partial_rotary_factor'] ?? json['partial_rotary_factor'] ?? 1;
  if (partial !== 1) {
    throw unsupported(
      what,
      `only a fraction ${JSON.stringify(partial)} of each head is rotated (partial_rotary_factor)`,
    );
  }
  return stated;
}

/** The top level's wins where it is stated: Phi-3 writes it there. */
function originalLength(json: Json, read: ConfigReader, maxPositions: number, what: string): number {
  const key = 'original_max_position_embeddings';
  return Object.hasOwn(json, key) ? new ConfigReader(json, what).size(key) : read.size(key, maxPositions);
}

function parseLlama3(read: ConfigReader, originalContextLength: number, what: string): RopeScaling {
  const lowFreqFactor = read.positive('low_freq_factor');
  const highFreqFactor = read.positive('high_freq_factor');
  if (highFreqFactor <= lowFreqFactor) {
    throw unsupported(what, 'its llama3 RoPE scaling has high_freq_factor <= low_freq_factor');
  }
  return { type: 'llama3', factor: read.positive('factor'), lowFreqFactor, highFreqFactor, originalContextLength };
}

function parseYarn(
  stated: Json,
  read: ConfigReader,
  originalContextLength: number,
  maxPositions: number,
): YarnRopeScaling {
  const factor = stated['factor'] === null ? maxPositions / originalContextLength : read.positive('factor');
  return {
    type: 'yarn',
    factor,
    originalContextLength,
    attentionFactor: attentionFactor(stated, read, factor),
    betaFast: read.positiveOrNone('beta_fast') ?? 32,
    betaSlow: read.positiveOrNone('beta_slow') ?? 1,
    truncate: read.flag('truncate', true),
  };
}

/** The paper's 0.1 ln(factor) + 1, or the ratio that DeepSeek's mscale and mscale_all_dim state. */
function attentionFactor(stated: Json, read: ConfigReader, factor: number): number {
  if (isGiven(stated['attention_factor'])) return read.positive('attention_factor');
  const scale = (mscale: number) => (factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1);
  const mscale = read.positiveOrNone('mscale');
  const mscaleAllDim = read.positiveOrNone('mscale_all_dim');
  return mscale !== null && mscaleAllDim !== null ? scale(mscale) / scale(mscaleAllDim) : scale(1);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
