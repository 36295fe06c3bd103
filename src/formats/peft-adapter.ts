import { isSeed, toSeed } from '../domain/seed.js';
import { AppError } from '../common/errors/app-error.js';
import { adapterModules, type AdapterModule } from '../compute/models/adapter-modules.js';
import { type AdapterTensors, type NamedTensor } from '../domain/adapter/adapter-state.js';
import { loraRank, type LoraSpec } from '../domain/adapter/lora-spec.js';
import { type ModelConfig } from '../domain/model/model-config.js';
import { ENCRYPTED_SUFFIX } from './age-encryption.js';
import { AdapterMismatchError, UnsupportedAdapterError } from './format.errors.js';
import { ADAPTER_CONFIG_FILE, parsePeftConfig, type PeftConfig, renderPeftConfig } from './peft-config.js';
import { adaptedModules, placementOf, refuseExperts } from './peft-targets.js';
import {
  encodeSafetensors,
  parseSafetensors,
  tensorAsFloat32,
  type TensorEntry,
  type TensorToWrite,
} from './safetensors.js';

/**
 * Adapters as PEFT's save_pretrained writes them and its from_pretrained reads them: adapter_config.json and
 * adapter_model.safetensors, whose names carry the prefix `base_model.model.`. What training needs and PEFT has no
 * field for (our seed) travels in the safetensors metadata, which PEFT ignores.
 */

export const ADAPTER_WEIGHTS_FILE = 'adapter_model.safetensors';
export { ADAPTER_CONFIG_FILE };

const PREFIX = 'base_model.model.';
const SEED_KEY = 'lora_seed';
/** PEFT saves the frozen base weight beside a LoRA on the output projection; it says nothing about the adapter. */
const BASE_HEAD = 'lm_head.base_layer.weight';

export interface PeftAdapter {
  readonly lora: LoraSpec;
  /** Float32, in memory of their own. */
  readonly weights: AdapterTensors;
  /** The base model that the adapter names, if any. */
  readonly baseModelName: string | null;
}

export function writePeftAdapter(adapter: PeftAdapter): Map<string, Uint8Array> {
  const tensors = new Map<string, TensorToWrite>();
  for (const [name, { shape, data }] of adapter.weights) tensors.set(PREFIX + name, { dtype: 'F32', shape, data });
  const metadata = { format: 'pt', [SEED_KEY]: String(adapter.lora.seed) };
  return new Map([
    [ADAPTER_CONFIG_FILE, renderPeftConfig(adapter.lora, adapter.baseModelName)],
    [ADAPTER_WEIGHTS_FILE, encodeSafetensors(tensors, metadata)],
  ]);
}

/**
 * @throws UnsupportedAdapterError when the files are malformed or use a feature of PEFT that is not supported here,
 * AdapterMismatchError when the tensors do not fit the base model.
 */
export function readPeftAdapter(files: ReadonlyMap<string, Uint8Array>, config: ModelConfig): PeftAdapter {
  const peft = parsePeftConfig(required(files, ADAPTER_CONFIG_FILE));
  const bytes = required(files, ADAPTER_WEIGHTS_FILE);
  const { metadata, entries } = parseWeights(bytes, config);
  const modules = adapterModules(config);
  if (config.expertCount !== undefined) refuseExperts(peft);
  const adapted = adaptedModules(peft, modules, entries);
  const placement = placementOf(peft, adapted, modules);
  const weights = new Map<string, NamedTensor>();
  for (const { name, inputs, outputs } of adapted) {
    const rank = loraRank({ rank: peft.rank, ...placement }, name);
    addTensor(weights, `${name}.lora_A.weight`, [rank, inputs], bytes, entries, peft);
    addTensor(weights, `${name}.lora_B.weight`, [outputs, rank], bytes, entries, peft);
  }
  refuseLeftovers(entries, weights, modules, peft);
  const { rank, alpha, dropout, rsLora, baseModelName } = peft;
  const digits = metadata[SEED_KEY] ?? '0';
  if (!isSeed(digits)) throw new UnsupportedAdapterError(`${SEED_KEY} in its metadata is not an integer.`);
  const seed = toSeed(digits);
  return { lora: { rank, alpha, dropout, rsLora, seed, ...placement }, weights, baseModelName };
}

function required(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes) return bytes;
  if (files.has(name + ENCRYPTED_SUFFIX)) {
    throw new UnsupportedAdapterError("The adapter's files are encrypted.", {
      remedy: 'Save it without recipients, or decrypt its files with age -d before importing them.',
    });
  }
  throw new UnsupportedAdapterError(`The adapter has no ${name}.`, {
    remedy: 'Send the files that PEFT writes with save_pretrained(folder, safe_serialization=True).',
  });
}

interface WeightEntries {
  readonly metadata: Readonly<Record<string, string>>;
  /** By name without PEFT's prefix. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

function parseWeights(bytes: Uint8Array, config: ModelConfig): WeightEntries {
  const { metadata, tensors } = parseSafetensors(bytes, ADAPTER_WEIGHTS_FILE);
  const entries = new Map<string, TensorEntry>();
  for (const [fullName, entry] of tensors) {
    const name = fullName.startsWith(PREFIX) ? fullName.slice(PREFIX.length) : fullName;
    if (name === BASE_HEAD) checkShape(name, entry, [config.vocabSize, config.hiddenSize], null);
    else entries.set(name, entry);
  }
  return { metadata, entries };
}

function addTensor(
  weights: Map<string, NamedTensor>,
  name: string,
  shape: readonly number[],
  bytes: Uint8Array,
  entries: ReadonlyMap<string, TensorEntry>,
  peft: PeftConfig,
): void {
  const entry = entries.get(name);
  if (!entry) throw mismatch(`it has no ${name}`, peft.baseModelName);
  checkShape(name, entry, shape, peft.baseModelName);
  weights.set(name, { shape, data: finiteNumbers(name, bytes, entry) });
}

function checkShape(name: string, entry: TensorEntry, shape: readonly number[], baseModelName: string | null): void {
  if (entry.shape.length === shape.length && entry.shape.every((size, i) => size === shape[i])) return;
  const reason = `its ${name} has shape [${entry.shape.join(', ')}] instead of [${shape.join(', ')}]`;
  throw mismatch(reason, baseModelName);
}

/** The numbers in memory of their own, so that no tensor keeps the whole file alive or moves it to another thread. */
function finiteNumbers(name: string, bytes: Uint8Array, entry: TensorEntry): Float32Array {
  let data: Float32Array;
  try {
    data = tensorAsFloat32(bytes, entry);
  } catch (error) {
    throw new UnsupportedAdapterError(`${name} is ${entry.dtype}; it must be F32, F16 or BF16.`, {}, { cause: error });
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new UnsupportedAdapterError(`${name} contains ${data[bad]} at index ${bad}; all numbers must be finite.`);
  return data.buffer === bytes.buffer ? data.slice() : data;
}

/** Every tensor must have been understood: one that was not would silently change what the adapter computes. */
function refuseLeftovers(
  entries: ReadonlyMap<string, TensorEntry>,
  weights: AdapterTensors,
  modules: readonly AdapterModule[],
  peft: PeftConfig,
): void {
  const left = [...entries.keys()].find((name) => !weights.has(name));
  if (left === undefined) return;
  const module = left.replace(/\.lora_[AB]\.weight$/, '');
  if (module === left) {
    throw new UnsupportedAdapterError(`${left} in ${ADAPTER_WEIGHTS_FILE} is not a LoRA matrix of a linear layer.`, {
      remedy: 'Only lora_A and lora_B weights are supported, not DoRA, biases, embeddings or modules_to_save.',
    });
  }
  const known = modules.some(({ name }) => name === module);
  const reason = known
    ? `its target_modules, exclude_modules or layers_to_transform exclude ${left}`
    : `the base model has no ${module}`;
  throw known
    ? new UnsupportedAdapterError(`The adapter is inconsistent: ${reason}.`)
    : mismatch(reason, peft.baseModelName);
}

function mismatch(reason: string, baseModelName: string | null): AppError {
  const made = baseModelName === null ? 'another base model' : `'${baseModelName}'`;
  return new AdapterMismatchError(`The adapter does not match this base model: ${reason}.`, {
    remedy: `It was created for ${made}; import it with base_model set to that model.`,
  });
}
