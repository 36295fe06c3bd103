import { buffersOf, type TaskOutput, type ThreadTask } from '../common/threads/thread-task.js';
import { loraScale, loraRank } from '../domain/adapter/lora-spec.js';
import { type ModelConfig } from '../domain/model/model-config.js';
import { readPeftAdapter } from '../formats/peft-adapter.js';

/** The LoRA on one linear: its weight becomes W + scale B A. */
export interface LoraPair {
  /** [rank, inputs] */
  readonly a: Float32Array;
  /** [outputs, rank] */
  readonly b: Float32Array;
  readonly rank: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly scale: number;
}

/** By the name of the linear's weight: `model.layers.0.self_attn.q_proj.weight`. */
export type LoraPairs = ReadonlyMap<string, LoraPair>;

interface AdapterFiles {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly config: ModelConfig;
}

/** The checks read every number, so a thread makes them. */
export const READ_LORA: ThreadTask<AdapterFiles, LoraPairs> = { url: import.meta.url, run: readLoraTask };

/** @throws UnsupportedAdapterError, AdapterMismatchError */
export function readLoraTask({ files, config }: AdapterFiles): TaskOutput<LoraPairs> {
  const { lora, weights } = readPeftAdapter(files, config);
  const pairs = new Map<string, LoraPair>();
  for (const [name, { shape, data: a }] of weights) {
    const module = name.replace(/\.lora_A\.weight$/, '');
    const b = weights.get(`${module}.lora_B.weight`);
    if (module === name || !b) continue;
    const [, inputs = 0] = shape;
    const [outputs = 0] = b.shape;
    const rank = loraRank(lora, module);
    pairs.set(`${module}.weight`, { a, b: b.data, rank, inputs, outputs, scale: loraScale(lora, module) });
  }
  return { value: pairs, transfer: buffersOf([...pairs.values()].flatMap(({ a, b }) => [a, b])) };
}
