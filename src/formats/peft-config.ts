import { LOOP_LIMITS, scanJson } from '../common/json/json-scan.js';
import { JsonTooComplexError } from '../common/json/json-too-complex.error.js';
import { shortened } from '../common/shortened.js';
import { type LoraSpec } from '../domain/adapter/lora-spec.js';
import { UnsupportedAdapterError } from './format.errors.js';

/**
 * PEFT's adapter_config.json. Reading takes what shapes a plain LoRA and refuses, by name, every setting that would
 * make the adapter compute something else; settings that only mattered while it was trained elsewhere are passed over.
 */

export const ADAPTER_CONFIG_FILE = 'adapter_config.json';

export interface PeftConfig {
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
  readonly rsLora: boolean;
  /** As stated: a list of names, or a regular expression or 'all-linear'. */
  readonly targets: readonly string[] | string;
  /** The same of exclude_modules; empty for none. */
  readonly excluded: readonly string[] | string;
  /** layers_to_transform; null for all layers. */
  readonly layers: readonly number[] | null;
  /** Names before a layer's number; empty for any. */
  readonly layersPattern: readonly string[];
  /** Ranks by patterns of modules' names, in their order. */
  readonly rankPattern: Readonly<Record<string, number>>;
  readonly alphaPattern: Readonly<Record<string, number>>;
  readonly baseModelName: string | null;
}

type Json = Readonly<Record<string, unknown>>;

/** Settings that are read, or that change nothing about a trained adapter. */
const KNOWN_KEYS = new Set([
  'peft_type',
  'r',
  'lora_alpha',
  'lora_dropout',
  'use_rslora',
  'target_modules',
  'base_model_name_or_path',
  'bias',
  'init_lora_weights',
  'auto_mapping',
  'inference_mode',
  'peft_version',
  'revision',
  'task_type',
  // PEFT itself takes fan_in_fan_out back for linears; the others serve initialisation or sharding.
  'fan_in_fan_out',
  'ensure_weight_tying',
  'loftq_config',
  'eva_config',
  'megatron_config',
  'megatron_core',
  'layers_to_transform',
  'layers_pattern',
  'exclude_modules',
  'rank_pattern',
  'alpha_pattern',
  'runtime_config',
]);

/** Initialisations that leave the base model's weights as they are; the others (PiSSA, LoftQ, ...) change them. */
const PLAIN_INITIALISATIONS = new Set<unknown>([undefined, null, true, false, 'gaussian', 'eva', 'orthogonal']);

export function renderPeftConfig(lora: LoraSpec, baseModelName: string | null): Uint8Array {
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: baseModelName,
    revision: null,
    inference_mode: true,
    r: lora.rank,
    lora_alpha: lora.alpha,
    lora_dropout: lora.dropout,
    target_modules: lora.targetModules,
    use_rslora: lora.rsLora,
    use_dora: false,
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
    modules_to_save: null,
    exclude_modules: lora.excludedModules ?? null,
    layers_to_transform: null,
    layers_pattern: null,
    rank_pattern: lora.rankPattern ?? {},
    alpha_pattern: lora.alphaPattern ?? {},
  };
  return Buffer.from(`${JSON.stringify(config, null, 2)}\n`);
}

/** @throws UnsupportedAdapterError that names the setting. */
export function parsePeftConfig(bytes: Uint8Array): PeftConfig {
  const json = parseJson(bytes);
  const type = json['peft_type'];
  if (type !== 'LORA') throw refused('peft_type', type, "only 'LORA' is supported");
  refuseOtherFeatures(json);
  const rank = json['r'];
  if (typeof rank !== 'number' || !Number.isSafeInteger(rank) || rank < 1) {
    throw refused('r', rank, 'it must be a positive integer');
  }
  const alpha = json['lora_alpha'];
  if (typeof alpha !== 'number' || !Number.isFinite(alpha) || alpha <= 0) {
    throw refused('lora_alpha', alpha, 'it must be a positive number');
  }
  const dropout = json['lora_dropout'] ?? 0;
  if (typeof dropout !== 'number' || !(dropout >= 0 && dropout < 1)) {
    throw refused('lora_dropout', dropout, 'it must be at least 0 and below 1');
  }
  const rsLora = json['use_rslora'] ?? false;
  if (typeof rsLora !== 'boolean') throw refused('use_rslora', rsLora, 'it must be true or false');
  const name = json['base_model_name_or_path'];
  const baseModelName = typeof name === 'string' && name !== '' ? name : null;
  const targets = parseTargets(json['target_modules']);
  return { rank, alpha, dropout, rsLora, targets, baseModelName, ...parsePlacement(json) };
}

/** What says on which modules the adapter is, and where ranks and alphas differ. */
function parsePlacement(
  json: Json,
): Pick<PeftConfig, 'excluded' | 'layers' | 'layersPattern' | 'rankPattern' | 'alphaPattern'> {
  const excluded = json['exclude_modules'];
  const layers = json['layers_to_transform'] ?? null;
  const isIndex = (value: unknown): value is number => Number.isSafeInteger(value);
  const indices: unknown[] = Array.isArray(layers) ? layers : [layers];
  if (layers !== null && !indices.every(isIndex)) throw refused('layers_to_transform', layers, 'it must name layers');
  const isRank = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;
  const isAlpha = (value: unknown): value is number => Number.isFinite(value) && (value as number) > 0;
  return {
    excluded: typeof excluded === 'string' && excluded !== '' ? excluded : namesIn('exclude_modules', excluded),
    layers: layers === null || indices.length === 0 ? null : indices.filter(isIndex),
    layersPattern: namesIn('layers_pattern', json['layers_pattern']),
    rankPattern: parsePattern('rank_pattern', json['rank_pattern'], isRank),
    alphaPattern: parsePattern('alpha_pattern', json['alpha_pattern'], isAlpha),
  };
}

/** A name or a list of them; none where it is left out or empty. */
function namesIn(key: string, value: unknown): readonly string[] {
  const names: unknown[] = Array.isArray(value) ? value : value ? [value] : [];
  const strings = names.filter((name) => typeof name === 'string');
  if (strings.length === names.length) return strings;
  throw refused(key, value, 'it must be a name or a list of names');
}

function parsePattern(
  key: string,
  value: unknown,
  isValue: (value: unknown) => value is number,
): Readonly<Record<string, number>> {
  const entries = Object.entries(value ?? {}) as [string, unknown][];
  if ((value ?? null) !== null && (typeof value !== 'object' || Array.isArray(value))) {
    throw refused(key, value, 'it must be an object');
  }
  return Object.fromEntries(
    entries.map(([name, own]) => {
      if (isValue(own)) return [name, own];
      throw refused(`${key}['${name.slice(0, 80)}']`, own, 'it must be a positive number');
    }),
  );
}

function parseJson(bytes: Uint8Array): Json {
  let parsed: unknown;
  try {
    scanJson(bytes, LOOP_LIMITS);
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    const problem = error instanceof JsonTooComplexError ? `has more than ${error.limit} ${error.what}` : 'is not JSON';
    throw new UnsupportedAdapterError(`${ADAPTER_CONFIG_FILE} ${problem}.`, {}, { cause: error });
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
    return Object.fromEntries(Object.entries(parsed));
  throw new UnsupportedAdapterError(`${ADAPTER_CONFIG_FILE} is not a JSON object.`);
}

function parseTargets(targets: unknown): readonly string[] | string {
  if (typeof targets === 'string' && targets !== '') return targets;
  const names: unknown[] = Array.isArray(targets) ? targets : [];
  const strings = names.filter((name) => typeof name === 'string');
  if (strings.length > 0 && strings.length === names.length) return strings;
  throw refused('target_modules', targets, 'it must name at least one module');
}

/**
 * Features are switched on by true, a list or an object; their numbers and texts have defaults even when they are off.
 * So an unknown key with such a value is a feature this server does not have, also one of a future PEFT.
 */
function refuseOtherFeatures(json: Json): void {
  const bias = json['bias'] ?? 'none';
  if (bias !== 'none') throw refused('bias', bias, "trained biases are not supported; it must be 'none'");
  const initialisation = json['init_lora_weights'];
  if (!PLAIN_INITIALISATIONS.has(initialisation)) {
    throw refused(
      'init_lora_weights',
      initialisation,
      'it changes the base weights; convert the adapter to a plain LoRA first',
    );
  }
  for (const [key, value] of Object.entries(json)) {
    if (KNOWN_KEYS.has(key)) continue;
    const filled = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
    if (value === true || filled) throw refused(key, value, 'this server does not support this PEFT feature');
  }
}

function refused(key: string, value: unknown, reason: string): UnsupportedAdapterError {
  const stated = value === undefined ? 'is missing' : `is ${JSON.stringify(value).slice(0, 80)}`;
  const name = shortened(key);
  return new UnsupportedAdapterError(`${name} in ${ADAPTER_CONFIG_FILE} ${stated}: ${reason}.`, { field: name });
}
