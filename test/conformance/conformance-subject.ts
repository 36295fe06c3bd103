import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { type ComputeBackend, type ForwardRequest, type ModelTarget } from '../../src/compute/compute-backend.js';
import { type AdamParams, DEFAULT_ADAM } from '../../src/domain/adapter/adam-params.js';
import { type AdapterState, type AdapterTensors } from '../../src/domain/adapter/adapter-state.js';
import { type LogprobScope } from '../../src/domain/datum-batch.js';
import { type LoraSpec } from '../../src/domain/adapter/lora-spec.js';
import { type LossDefinition } from '../../src/domain/loss-definition.js';
import { offsetsOf, type RaggedTensor } from '../../src/domain/ragged-tensor.js';
import { type CheckpointStore } from '../../src/storage/checkpoint-store.js';
import { type SamplingParams } from '../../src/domain/sampling.js';
import { PLAIN_SAMPLING } from '../support/engines/plain-sampling.js';
import { relativeDistance } from '../support/models/reference-fixtures.js';

/** A backend that has been started, and what the cases must know about it. */
export interface Subject {
  readonly backend: ComputeBackend;
  /** The checkpoint store that the backend reads and writes. */
  readonly checkpoints: CheckpointStore;
  /** Bytes of tensors that have gone to a backend elsewhere; none for one in this thread. */
  readonly sentBytes?: () => number;
  /** A base model with more than MAX_TOKEN tokens in its vocabulary. */
  readonly baseModel: string;
  /** Starts another one whose passes fit MAX_DATUM tokens at most, so that batches are split. The case stops it. */
  openSmall(): Promise<ComputeBackend>;
  /** Text as stop strings see it. */
  textOf(tokens: ArrayLike<number>): string | Promise<string>;
  close(): Promise<void>;
}

/** A part of the contract. Cases share the backend and leave no adapter behind. */
export interface ConformanceCase {
  readonly name: string;
  readonly run: (subject: Subject) => Promise<void>;
}

/** Largest token id and longest datum in the cases. */
export const MAX_TOKEN = 89;
export const MAX_DATUM = 8;

/**
 * Results that may be computed in another order of float32 sums: 24 bits over a few layers and some dozen tokens, with
 * room for the instruction sets of other machines.
 */
export const ROUNDING = 1e-5;

export const LORA: LoraSpec = {
  rank: 4,
  alpha: 8,
  dropout: 0,
  targetModules: ['q_proj', 'v_proj'],
  rsLora: false,
  seed: 11,
};

/** Steps that change an adapter visibly. */
export const ADAM: AdamParams = { ...DEFAULT_ADAM, learningRate: 0.02 };

export const SAMPLING: SamplingParams = { ...PLAIN_SAMPLING, maxNewTokens: 8, seed: 3 };

export interface DatumSpec {
  readonly length: number;
  /** Makes the tokens; equal seeds give equal datums. */
  readonly seed: number;
}

/** Four datums of unequal length. */
export const DATUMS: readonly DatumSpec[] = [
  { length: 5, seed: 1 },
  { length: MAX_DATUM, seed: 2 },
  { length: 1, seed: 3 },
  { length: 6, seed: 4 },
];

/** A request over these datums; by default cross_entropy of every next token. */
export function requestOf(
  datums: readonly DatumSpec[],
  options: {
    loss?: string;
    /** Of a loss written as formulas. */
    definition?: LossDefinition;
    config?: Record<string, number>;
    logprobs?: LogprobScope;
    inputs?: Record<string, (position: number) => number>;
    /** Inputs with one number for each datum. */
    perDatum?: Record<string, readonly number[]>;
  } = {},
): ForwardRequest {
  const offsets = Int32Array.from([0, ...datums.map((_, i) => total(datums.slice(0, i + 1)))]);
  const ragged = <T extends Float32Array | Int32Array>(data: T): RaggedTensor<T> => ({
    data,
    offsets,
    trailingShape: [],
  });
  const text = datums.map(tokensOf);
  const lossInputs: Record<string, RaggedTensor> = {
    target_tokens: ragged(Int32Array.from(text.flatMap((tokens) => tokens.slice(1)))),
  };
  for (const [name, valueAt] of Object.entries(options.inputs ?? {})) {
    lossInputs[name] = ragged(Float32Array.from({ length: offsets.at(-1)! }, (_, position) => valueAt(position)));
  }
  for (const [name, numbers] of Object.entries(options.perDatum ?? {})) {
    const rows = offsetsOf(numbers.map(() => 1));
    lossInputs[name] = { data: Float32Array.from(numbers), offsets: rows, trailingShape: [] };
  }
  const tokens = ragged(Int32Array.from(text.flatMap((all) => all.slice(0, -1))));
  const { loss: name = 'cross_entropy', config = {}, definition } = options;
  return {
    batch: { tokens, lossInputs },
    loss: { name: definition?.name ?? name, config, ...(definition ? { definition, version: 1 } : {}) },
    logprobs: options.logprobs ?? 'all',
  };
}

const total = (datums: readonly DatumSpec[]) => datums.reduce((sum, { length }) => sum + length, 0);

/** One token more than the datum's length: inputs and the targets after them. */
function tokensOf({ length, seed }: DatumSpec): number[] {
  return Array.from({ length: length + 1 }, (_, i) => 3 + ((seed * 31 + i * i * 7 + i * seed) % (MAX_TOKEN - 3)));
}

export const adapter = (adapterId: string): ModelTarget => ({ kind: 'adapter', adapterId });
export const base = ({ baseModel }: Subject): ModelTarget => ({ kind: 'base', baseModel });

/** Makes adapters for the length of a case, whatever comes of it. */
export async function withAdapters(
  subject: Subject,
  adapters: Readonly<Record<string, Partial<LoraSpec>>>,
  run: () => Promise<void>,
): Promise<void> {
  const { backend, baseModel } = subject;
  try {
    for (const [id, lora] of Object.entries(adapters)) {
      await backend.createAdapter({ id, baseModel, lora: { ...LORA, ...lora } });
    }
    await run();
  } finally {
    for (const id of Object.keys(adapters)) await backend.deleteAdapter(id);
  }
}

/** Two steps, after which A and B, moments and step all differ from those of a new adapter. */
export async function train(backend: ComputeBackend, id: string, datums = DATUMS): Promise<void> {
  for (let step = 0; step < 2; step++) {
    await backend.forwardBackward(id, requestOf(datums));
    await backend.optimStep(id, ADAM);
  }
}

/** Tells states apart by every bit. */
export function digest(state: AdapterState): string {
  const hash = createHash('sha256').update(`${state.step} ${state.passes} ${state.gradients === null}`);
  for (const tensors of [state.weights, state.moments.m, state.moments.v, state.gradients ?? new Map()]) {
    hash.update(digestTensors(tensors));
  }
  return hash.digest('hex');
}

export function digestTensors(tensors: AdapterTensors): string {
  const hash = createHash('sha256');
  for (const [name, { shape, data }] of [...tensors].sort(([a], [b]) => a.localeCompare(b))) {
    hash.update(`${name} ${shape.join('x')}`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

export async function digestOf(backend: ComputeBackend, id: string): Promise<string> {
  return digest(await backend.exportState(id));
}

/** Whether the backend has the adapter in its memory. */
export async function isLoaded(backend: ComputeBackend, id: string): Promise<boolean> {
  return backend.digestState(id).then(
    () => true,
    (error: unknown) => {
      expect(error).toMatchObject({ code: 'adapter_not_loaded' });
      return false;
    },
  );
}

export async function gradientsOf(backend: ComputeBackend, id: string): Promise<AdapterTensors> {
  const { gradients } = await backend.exportState(id);
  if (!gradients) throw new Error(`Adapter '${id}' has no gradients.`);
  return gradients;
}

/** |a - b| / |b| over all tensors, in the L2 norm. */
export function distance(a: AdapterTensors, b: AdapterTensors): number {
  const flat = (tensors: AdapterTensors) => [...b.keys()].flatMap((name) => [...tensors.get(name)!.data]);
  return relativeDistance(flat(a), flat(b));
}
