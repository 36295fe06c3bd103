import { createHash } from 'node:crypto';
import { readFile, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError } from '../common/errors/app-error.js';
import { UnsupportedCheckpointError } from '../formats/format.errors.js';
import {
  elementCount,
  type FloatDtype,
  isFloatDtype,
  readSafetensorsHeader,
  type TensorEntry,
} from '../formats/safetensors.js';
import { type ModelConfig } from '../domain/model/model-config.js';
import { modelParameters } from '../compute/models/model-parameters.js';

/**
 * The weights of a base model on disk: one model.safetensors or the shards of model.safetensors.index.json. Only
 * headers are read here. Every parameter that the config demands is there with its shape, and nothing is there that
 * the config does not explain, or opening fails and says which.
 */

/** Where a parameter's numbers lie. */
export interface CheckpointTensor {
  readonly name: string;
  /** Path of the safetensors file. */
  readonly file: string;
  readonly dtype: FloatDtype;
  readonly shape: readonly number[];
  readonly byteOffset: number;
  readonly byteLength: number;
}

export interface CheckpointFiles {
  readonly folder: string;
  /** In the order of modelParameters. */
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  readonly parameterCount: number;
  /** Changes whenever the files do: from their paths, sizes, times and headers. */
  readonly fingerprint: string;
}

const SINGLE_FILE = 'model.safetensors';
const INDEX_FILE = 'model.safetensors.index.json';

/** Parts of a checkpoint that are recomputed from the config, written by old versions of transformers. */
const RECOMPUTED = /(^|\.)rotary_emb\.inv_freq$/;

/** `what` names the model in errors. @throws UnsupportedCheckpointError with the reason. */
export async function openCheckpoint(folder: string, config: ModelConfig, what: string): Promise<CheckpointFiles> {
  const hash = createHash('sha256');
  const found = new Map<string, { file: string; entry: TensorEntry }>();
  for (const name of await safetensorsFiles(folder, what)) {
    const file = join(folder, name);
    const { header, headerBytes } = await readHeader(file, what);
    const { size, mtimeMs } = await stat(file);
    hash.update(JSON.stringify([await realpath(file), size, mtimeMs])).update(headerBytes);
    for (const entry of header.tensors.values()) found.set(entry.name, { file, entry });
  }
  const wanted = modelParameters(config);
  checkNames(wanted, found, config, what);
  const tensors = new Map<string, CheckpointTensor>();
  let parameterCount = 0;
  for (const [name, shape] of wanted) {
    const location = found.get(name);
    // checkNames has refused a checkpoint without it.
    if (!location) continue;
    const { file, entry } = location;
    const { begin, end } = entry;
    tensors.set(name, {
      name,
      file,
      dtype: weightDtype(entry, shape, what),
      shape,
      byteOffset: begin,
      byteLength: end - begin,
    });
    parameterCount += elementCount(shape);
  }
  hash.update(JSON.stringify([...wanted]));
  return { folder, tensors, parameterCount, fingerprint: hash.digest('hex').slice(0, 32) };
}

function weightDtype(entry: TensorEntry, shape: readonly number[], what: string): FloatDtype {
  if (entry.shape.length !== shape.length || entry.shape.some((size, i) => size !== shape[i])) {
    throw unsupported(
      what,
      `${entry.name} has shape [${entry.shape.join(', ')}] where config.json requires [${shape.join(', ')}]`,
    );
  }
  if (!isFloatDtype(entry.dtype)) {
    throw unsupported(what, `${entry.name} is ${entry.dtype}; weights must be F32, F16 or BF16`);
  }
  return entry.dtype;
}

function checkNames(
  wanted: ReadonlyMap<string, unknown>,
  found: ReadonlyMap<string, unknown>,
  config: ModelConfig,
  what: string,
): void {
  const missing = [...wanted.keys()].filter((name) => !found.has(name));
  if (missing.length > 0) {
    const hint =
      missing.length === 1 && missing[0] === 'lm_head.weight'
        ? ' (set "tie_word_embeddings": true in config.json if the output projection is the embedding matrix)'
        : '';
    throw unsupported(what, `${missing.length} parameters are missing from its files: ${some(missing)}${hint}`);
  }
  // Tied checkpoints may carry the shared matrix a second time; it is never read.
  const ignored = (name: string) => RECOMPUTED.test(name) || (config.tiedEmbeddings && name === 'lm_head.weight');
  const unexpected = [...found.keys()].filter((name) => !wanted.has(name) && !ignored(name));
  if (unexpected.length > 0) {
    throw unsupported(
      what,
      `its files contain ${unexpected.length} parameters that config.json does not account for: ${some(unexpected)}`,
    );
  }
}

/** Names of the safetensors files to read, in the index's or the folder's order. */
export async function safetensorsFiles(folder: string, what: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw unsupported(what, `its folder ${folder} cannot be read`, undefined, error);
  });
  if (names.includes(SINGLE_FILE)) return [SINGLE_FILE];
  if (names.includes(INDEX_FILE)) return shardNames(await readFile(join(folder, INDEX_FILE), 'utf8'), names, what);
  const pytorch = names.some((name) => /^pytorch_model.*\.bin(\.index\.json)?$/.test(name));
  if (pytorch) {
    throw unsupported(
      what,
      'its weights are PyTorch .bin files, which can execute code',
      'Convert it once with transformers: AutoModelForCausalLM.from_pretrained(x).save_pretrained(y).',
    );
  }
  throw unsupported(what, `its folder ${folder} has neither ${SINGLE_FILE} nor ${INDEX_FILE}`);
}

/** The shards that an index file names. `present`: the names in the folder, null to not check them. */
export function shardNames(indexText: string, present: readonly string[] | null, what: string): string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(indexText);
  } catch (error) {
    throw unsupported(what, `its ${INDEX_FILE} is not JSON`, undefined, error);
  }
  const map = typeof parsed === 'object' && parsed !== null && 'weight_map' in parsed ? parsed.weight_map : null;
  if (typeof map !== 'object' || map === null) throw unsupported(what, `its ${INDEX_FILE} has no weight_map`);
  const shards = [...new Set<unknown>(Object.values(map))].map((name) => {
    if (typeof name === 'string' && basename(name) === name && name.endsWith('.safetensors')) return name;
    throw unsupported(
      what,
      `its ${INDEX_FILE} names ${JSON.stringify(name)}, which is not a safetensors file in the same folder`,
    );
  });
  const missing = shards.filter((name) => present && !present.includes(name));
  if (missing.length > 0) throw unsupported(what, `shards are missing from its folder: ${some(missing)}`);
  return shards.sort();
}

async function readHeader(file: string, what: string): ReturnType<typeof readSafetensorsHeader> {
  try {
    return await readSafetensorsHeader(file);
  } catch (error) {
    const reason = error instanceof AppError ? error.message.replace(/\.$/, '') : `${file} cannot be read`;
    const remedy = 'Download the file again if it is incomplete.';
    throw unsupported(what, reason, remedy, error);
  }
}

function some(names: readonly string[]): string {
  return names.slice(0, 5).join(', ') + (names.length > 5 ? ', ...' : '');
}

function unsupported(what: string, reason: string, remedy?: string, cause?: unknown): UnsupportedCheckpointError {
  return new UnsupportedCheckpointError(`${what} cannot be loaded: ${reason}.`, remedy ? { remedy } : {}, { cause });
}
