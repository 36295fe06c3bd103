import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type AdapterTensors, type NamedTensor } from '../../../src/domain/adapter/adapter-state.js';
import { type DatumBatch } from '../../../src/domain/datum-batch.js';
import { type LoraSpec, type TargetModule } from '../../../src/domain/adapter/lora-spec.js';
import { offsetsOf, type RaggedTensor, type TensorData } from '../../../src/domain/ragged-tensor.js';
import { parseSafetensors, tensorArray } from '../../../src/formats/safetensors.js';

/** Reads test/fixtures: numbers from PyTorch and PEFT (see the README there for the format). */
export const REFERENCE_MODELS = [
  ...(['llama', 'llama3-rope', 'mistral', 'qwen2', 'qwen3'] as const),
  ...(['yarn', 'yarn-mscale', 'linear-rope', 'dynamic-rope'] as const),
] as const;
export type ReferenceModel = (typeof REFERENCE_MODELS)[number];

const folder = fileURLToPath(new URL('../../fixtures/', import.meta.url));

export const fixturePath = (name: string) => `${folder}${name}`;

export interface ReferenceCase {
  readonly name: string;
  readonly batch: string;
  readonly adapter?: string | null;
  readonly adapters?: readonly (string | null)[];
  readonly loss_fn: string;
  readonly loss_fn_config: Record<string, number>;
  readonly loss: number;
}

interface ReferenceFile {
  readonly adapters: Record<
    string,
    { r: number; lora_alpha: number; target_modules: TargetModule[]; use_rslora: boolean; scaling: number }
  >;
  readonly batches: Record<string, { tokens: number[][]; target_tokens: (number | number[])[][] }>;
  readonly cases: readonly ReferenceCase[];
}

/** Everything recorded for one model. */
export class References {
  private readonly file: ReferenceFile;
  private readonly tensors = new Map<string, NamedTensor>();

  constructor(readonly model: ReferenceModel) {
    this.file = JSON.parse(readFileSync(`${folder}references/${model}.json`, 'utf8')) as ReferenceFile;
    const bytes = readFileSync(`${folder}references/${model}.safetensors`);
    for (const entry of parseSafetensors(bytes, model).tensors.values()) {
      this.tensors.set(entry.name, { shape: entry.shape, data: Float32Array.from(tensorArray(bytes, entry), Number) });
    }
  }

  get cases(): readonly ReferenceCase[] {
    return this.file.cases;
  }

  lora(adapter: string): LoraSpec {
    const { r, lora_alpha, target_modules, use_rslora } = this.file.adapters[adapter]!;
    return { rank: r, alpha: lora_alpha, targetModules: target_modules, rsLora: use_rslora, dropout: 0, seed: 0 };
  }

  weights(adapter: string): AdapterTensors {
    return this.under(`adapters/${adapter}/`);
  }

  gradients({ name }: ReferenceCase, adapter: string): AdapterTensors {
    return this.under(`cases/${name}/grads/${adapter}/`);
  }

  logprobs({ name }: ReferenceCase): Float32Array {
    return this.tensors.get(`cases/${name}/logprobs`)!.data;
  }

  /** The batch of a case with the inputs of its loss. */
  batch(reference: ReferenceCase): DatumBatch {
    const { tokens, target_tokens } = this.file.batches[reference.batch]!;
    const offsets = offsetsOf(tokens.map(({ length }) => length));
    const first = target_tokens[0]![0]!;
    const trailingShape = typeof first === 'number' ? [] : [first.length];
    const ragged = <T extends TensorData>(data: T): RaggedTensor<T> => ({ data, offsets, trailingShape });
    const lossInputs: Record<string, RaggedTensor> = {
      target_tokens: ragged(Int32Array.from(target_tokens.flat(2))),
    };
    for (const [name, { data }] of this.under(`cases/${reference.name}/inputs/`)) lossInputs[name] = ragged(data);
    return { tokens: { data: Int32Array.from(tokens.flat()), offsets, trailingShape: [] }, lossInputs };
  }

  private under(prefix: string): AdapterTensors {
    const found = [...this.tensors].filter(([name]) => name.startsWith(prefix));
    return new Map(found.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
  }
}

export interface GenerationReference {
  readonly model: ReferenceModel;
  readonly adapter: string | null;
  readonly prompt: number[];
  readonly tokens: number[];
  readonly logprobs: number[];
}

export function generationReferences(): readonly GenerationReference[] {
  const file = JSON.parse(readFileSync(`${folder}generation.json`, 'utf8')) as { cases: GenerationReference[] };
  return file.cases;
}

/** Largest absolute difference, for messages that say how far off a result is. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

/** |a - b| / |b| in the L2 norm. */
export function relativeDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  return size === 0 ? Math.sqrt(difference) : Math.sqrt(difference / size);
}
