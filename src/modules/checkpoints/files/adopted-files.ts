import { buffersOf, type TaskOutput, type ThreadTask } from '../../../common/threads/thread-task.js';
import { stateDigest } from '../../../compute/numerics/state-digest.js';
import { type LoraSpec } from '../../../domain/adapter/lora-spec.js';
import { type ModelConfig } from '../../../domain/model/model-config.js';
import { fromFiles, toFiles } from '../../../storage/adapter-files.js';

export interface ForeignFiles {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly config: ModelConfig;
  readonly baseModel: string;
}

/** What the first state of an adapter is made of. */
export interface AdoptedFiles {
  readonly lora: LoraSpec;
  readonly files: Map<string, Uint8Array>;
  readonly step: number;
  readonly digest: string;
}

/** Files of another program, checked and written anew: the checks read every number, so a thread makes them. */
export const ADOPT_FILES: ThreadTask<ForeignFiles, AdoptedFiles> = { url: import.meta.url, run: adoptFilesTask };

/** @throws UnsupportedAdapterError, AdapterMismatchError */
export async function adoptFilesTask({ files, config, baseModel }: ForeignFiles): Promise<TaskOutput<AdoptedFiles>> {
  const { lora, state } = fromFiles(files, config);
  const stored = toFiles({ lora, baseModel }, state, { optimizer: true });
  const value = { lora, files: stored, step: state.step, digest: await stateDigest(state) };
  return { value, transfer: buffersOf([...stored.values()].filter(ownsBuffer)) };
}

/** Small files share one buffer with others: they are copied. */
function ownsBuffer({ byteLength, buffer }: Uint8Array): boolean {
  return byteLength > 0 && byteLength === buffer.byteLength;
}
