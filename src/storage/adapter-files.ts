import { type AdapterState, NO_GRADIENTS } from '../domain/adapter/adapter-state.js';
import { type LoraSpec } from '../domain/adapter/lora-spec.js';
import { type ModelConfig } from '../domain/model/model-config.js';
import { decodeOptimizerState, encodeOptimizerState, OPTIMIZER_FILE } from '../formats/optimizer-state.js';
import { readPeftAdapter, writePeftAdapter } from '../formats/peft-adapter.js';
import { type CheckpointStore } from './checkpoint-store.js';

/** An empty file that tells other programs that the folder is whole. */
const COMPLETE_FILE = 'checkpoint_complete';

/** What the files say of the adapter beside its state. */
export interface AdapterIdentity {
  readonly lora: LoraSpec;
  readonly baseModel: string;
}

/** An adapter's state as the files of a checkpoint: PEFT's two, and with `optimizer` what training goes on from. */
export function toFiles(
  { lora, baseModel }: AdapterIdentity,
  state: AdapterState,
  options: { optimizer: boolean },
): Map<string, Uint8Array> {
  const files = writePeftAdapter({ lora, weights: state.weights, baseModelName: baseModel });
  if (options.optimizer) files.set(OPTIMIZER_FILE, encodeOptimizerState(state));
  files.set(COMPLETE_FILE, new Uint8Array(0));
  return files;
}

/** What the files of a checkpoint hold. */
export interface StoredAdapter {
  readonly lora: LoraSpec;
  readonly baseModelName: string | null;
  /** Without an optimiser's file: as if no step had been taken. */
  readonly state: AdapterState;
}

/** @throws AdapterMismatchError when the files are for another base model, StorageError when they are damaged. */
export async function readFiles(store: CheckpointStore, path: string, config: ModelConfig): Promise<StoredAdapter> {
  const names = await store.list(path);
  const contents = await Promise.all(names.map(async (name) => [name, await store.read(path, name)] as const));
  return fromFiles(new Map(contents), config);
}

/** The same of files in memory, by name. @throws UnsupportedAdapterError, AdapterMismatchError */
export function fromFiles(files: ReadonlyMap<string, Uint8Array>, config: ModelConfig): StoredAdapter {
  const { lora, weights, baseModelName } = readPeftAdapter(files, config);
  const optimizer = files.get(OPTIMIZER_FILE);
  const fresh = { moments: { m: new Map(), v: new Map() }, step: 0, ...NO_GRADIENTS, passes: 0 };
  const state = { weights, ...(optimizer ? decodeOptimizerState(optimizer, weights) : fresh) };
  return { lora, baseModelName, state };
}
