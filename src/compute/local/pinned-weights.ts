import { type AdapterTensors } from '../../domain/adapter/adapter-state.js';
import { type LoraSpec } from '../../domain/adapter/lora-spec.js';
import { type HostTensor } from '../graph/program.js';
import { type ModelRuntime } from './model-runtime.js';

/** A base model, and the LoRA that it runs with, if any; fixed for as long as somebody holds this. */
export interface PinnedWeights {
  readonly runtime: ModelRuntime;
  readonly adapter: PinnedAdapter | null;
}

export interface PinnedAdapter {
  readonly lora: LoraSpec;
  /** The same object as long as they are the same. */
  readonly weights: AdapterTensors;
  readonly feeds: readonly [string, HostTensor][];
  /** Passes made before this one, which chooses the dropout masks. */
  readonly passes: number;
}
