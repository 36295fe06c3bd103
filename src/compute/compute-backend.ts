import { type AdamParams } from '../domain/adapter/adam-params.js';
import { type AdapterState } from '../domain/adapter/adapter-state.js';
import { type DatumBatch, type LogprobScope } from '../domain/datum-batch.js';
import { type Distribution } from '../domain/distribution.js';
import { type LoraSpec } from '../domain/adapter/lora-spec.js';
import { type LossSpec } from '../domain/loss.js';
import { type PromptTargets } from '../domain/prompt-targets.js';
import { type RankMemory } from '../domain/rank-memory.js';
import { type RaggedTensor } from '../domain/ragged-tensor.js';
import { type SampledSequence, type SamplingParams } from '../domain/sampling.js';
import { type TokenTable, type TopTokens } from '../domain/top-tokens.js';

/**
 * The compute port and its DI token. A backend owns base models and live adapters; it knows no HTTP, SQL or Redis.
 *
 * Contract (proved by test/conformance for every provider):
 * - Calls that touch one adapter are made one after another by the caller; calls for different adapters may overlap,
 *   the backend puts them in order. No call blocks the caller's event loop.
 * - forwardBackward adds to the adapter's gradients, optimStep applies and clears them, forward and generate change
 *   nothing. A call that fails leaves the adapter as it was.
 * - One adapter's calls leave every other adapter bit-identical.
 * - Results do not depend on how a batch is split into micro-batches beyond float32 rounding; how exactly they repeat for
 *   the same state and request is a capability.
 * - The arrays of a ForwardRequest or an AdapterState belong to the backend once they are given to it: it may move them
 *   to another thread, so the caller reads them no more. Those of a result belong to the caller.
 * - A call whose signal aborts ends early with a CallCancelledError and changes nothing: before its turn without having
 *   begun, a pass between two micro-batches, a generation within one token.
 */
export abstract class ComputeBackend {
  private readonly lossListeners: ((lost: LostMemory) => void)[] = [];

  /** What this backend can do, as data; known after start(). */
  abstract readonly capabilities: BackendCapabilities;

  /** Calls the listener whenever memory of the engine is gone that nobody asked to free. */
  onLoss(listener: (lost: LostMemory) => void): void {
    this.lossListeners.push(listener);
  }

  protected notifyLoss(lost: LostMemory): void {
    for (const listener of this.lossListeners) listener(lost);
  }

  /** Loads the base models. Fails with the reason when one is not supported. */
  abstract start(): Promise<void>;
  /** Frees everything; running calls finish first. */
  abstract stop(): Promise<void>;

  /** Makes an adapter with freshly initialised weights, or with the given state. Replaces one that has the id. */
  abstract createAdapter(adapter: AdapterHandle, from?: StateSource): Promise<void>;
  /** Frees an adapter. Unknown ids are ignored, so it can be repeated. */
  abstract deleteAdapter(adapterId: string): Promise<void>;
  /** A copy of the adapter's whole state, for what becomes of it outside of the checkpoint store. */
  abstract exportState(adapterId: string): Promise<AdapterState>;
  /** Digest of the adapter's whole state; see state-digest.ts. */
  abstract digestState(adapterId: string): Promise<string>;
  abstract describeState(adapterId: string): Promise<StateDescription>;
  /**
   * Writes the state to the checkpoint store: the one that the adapter has at the call, whatever happens to it meanwhile.
   * @throws StorageOutageError, StorageError; nothing of it stays behind
   */
  abstract saveState(adapterId: string, to: StateRef, parts: StateParts): Promise<SavedState>;
  /** Replaces weights; with `optimizer` also moments and step, else they start fresh. Drops unapplied gradients. */
  abstract loadState(adapterId: string, from: StateSource, options: { optimizer: boolean }): Promise<void>;

  /**
   * Holds adapter weights under an id, to be sampled from and scored with any number of times. Drops others, used least
   * recently, when there are too many; a call that names dropped ones fails with a WeightsUnknownError.
   */
  abstract loadWeights(weights: AdapterHandle, from: StateSource): Promise<void>;
  /** Frees them. Unknown ids are ignored. */
  abstract dropWeights(id: string): Promise<void>;

  abstract forward(target: ModelTarget, request: ForwardRequest, options?: CallOptions): Promise<ForwardResult>;
  abstract forwardBackward(adapterId: string, request: ForwardRequest, options?: CallOptions): Promise<ForwardResult>;
  /** A step that cannot be made changes nothing: the gradients stay until they are applied or dropped. */
  abstract optimStep(adapterId: string, params: AdamParams, options?: CallOptions): Promise<OptimStepResult>;
  /** Forgets the gradients not yet applied. @returns of how many passes they were */
  abstract dropGradients(adapterId: string): Promise<number>;

  /** What the engine has done since it started; tells how much work is shared. */
  abstract countWork(): Promise<WorkCounts>;
  /** Memory of the engine's processes beside this one, by rank; empty where there are none. */
  abstract measureRanks(): Promise<readonly RankMemory[]>;

  /** Samples `count` continuations of one prompt. */
  abstract generate(target: ModelTarget, request: GenerateRequest, options?: GenerateOptions): Promise<GenerateResult>;
}

/** What is gone: the engine with everything in it, until start() has made another one, or one adapter. */
export type LostMemory = { readonly kind: 'engine' } | { readonly kind: 'adapter'; readonly adapterId: string };

export interface WorkCounts {
  readonly passes: number;
  /** Calls of forward and forwardBackward that went through the passes. */
  readonly passRequests: number;
  /** Steps of generations. */
  readonly steps: number;
  /** Calls of generate that went on in them: one counts for each of its steps. */
  readonly stepRequests: number;
  /** Adapters in memory. */
  readonly adapters: number;
  /** Sampler weights in memory. */
  readonly samplerWeights: number;
  readonly times: EngineTimes;
  /** Engine time by owner, in milliseconds; a call that several share is divided between them by their tokens. */
  readonly ownerMs: ReadonlyMap<string, number>;
}

/** How long the engine's calls took and how much each of them did. */
export interface EngineTimes {
  /** From the start of a pass to its end, with the decode steps that ran in between. */
  readonly passSeconds: Distribution;
  readonly passTokens: Distribution;
  readonly passAdapters: Distribution;
  readonly decodeStepSeconds: Distribution;
  readonly decodeStepGenerations: Distribution;
  readonly optimizerStepSeconds: Distribution;
}

export interface CallOptions {
  /** Gives the call up. @see CallCancelledError */
  readonly signal?: AbortSignal | undefined;
  /** Whose call it is: engine time is divided between owners, whoever has made more. Nobody's where left out. */
  readonly owner?: string | undefined;
  /** The owner's weight in that: with twice another's, it gets twice the time. 1 where left out. */
  readonly weight?: number | undefined;
}

/** Who makes a call. */
export type Caller = Pick<CallOptions, 'owner' | 'weight'>;

export interface GenerateOptions extends CallOptions {
  /** Sees every token as it is drawn. */
  readonly onToken?: TokenListener | undefined;
}

export interface BackendCapabilities {
  /** 'onnxruntime' or 'tensorflow' for the local backend. */
  readonly engine: string;
  readonly device: string;
  readonly maxRank: number;
  /** Processes that hold a share of the models. */
  readonly ranks: number;
  /** How many calls of a kind are worth having open at a time; more only wait. */
  readonly callsInFlight: { readonly passes: number; readonly generations: number };
  readonly repeatability: Repeatability;
  readonly batching: Batching;
  readonly baseModels: readonly BaseModelCapabilities[];
  /** Digests of the files of loss plugins, by the names of the losses. */
  readonly lossPlugins: Readonly<Record<string, string>>;
}

/**
 * How exactly a call repeats the results that the same call gave on the same state and machine: to the bit, so that
 * digests can be compared, or up to the rounding of float32 sums, whose order depends on what else runs.
 */
export type Repeatability = 'bitwise' | 'rounding';

/**
 * What calls that share the base model's work get: the bits that each gets alone; numbers that differ by rounding; or
 * nothing shared, since the engine runs them one after another.
 */
export type Batching = 'exact' | 'rounding' | 'off';

export interface BaseModelCapabilities {
  readonly name: string;
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly parameterCount: number;
}

export interface AdapterHandle {
  readonly id: string;
  readonly baseModel: string;
  readonly lora: LoraSpec;
}

/** The path of a checkpoint in the checkpoint store, which the backend reaches as well. */
export type StateRef = string;

/**
 * Where a state is to be read: from files or from another adapter of the backend, neither of which passes through the
 * caller, or from the caller's memory.
 */
export type StateSource =
  { readonly ref: StateRef } | { readonly adapterId: string } | { readonly state: AdapterState };

/** What of a state is written: the weights, these with moments and step, or unapplied gradients as well. */
export type StateParts = 'weights' | 'optimizer' | 'all';

export interface StateDescription {
  /** Optimiser steps taken. */
  readonly step: number;
  readonly hasGradients: boolean;
}

/** What has been written. */
export interface SavedState extends StateDescription {
  readonly digest: string;
  /** Of all files. */
  readonly bytes: number;
}

/** The weights a call runs with: a live adapter's, the bare base model's, or those that loadWeights() has loaded. */
export type ModelTarget =
  | { readonly kind: 'adapter'; readonly adapterId: string }
  | { readonly kind: 'base'; readonly baseModel: string }
  | { readonly kind: 'weights'; readonly id: string };

export interface ForwardRequest {
  readonly batch: DatumBatch;
  readonly loss: LossSpec;
  readonly logprobs: LogprobScope;
}

export interface ForwardResult {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** log p(target) for every target, shaped like target_tokens; NaN where the scope left a position out. */
  readonly logprobs: RaggedTensor<Float32Array>;
}

export interface OptimStepResult {
  readonly step: number;
  /** Global L2 norm of the gradients before clipping. */
  readonly gradNorm: number;
  /** L2 norm of the change of the weights. */
  readonly updateNorm: number;
  /** L2 norm of the weights after the step. */
  readonly weightNorm: number;
  /** Digest of the state after the step: the same step on the same state gives the same digest. */
  readonly digest: string;
}

export interface GenerateRequest {
  readonly prompt: Int32Array;
  readonly count: number;
  readonly sampling: SamplingParams;
  /** Top-k tokens to return per prompt position; none by default. */
  readonly topPromptTokens?: number;
  /** Number of positions at the end of the prompt to return them for; default: all. */
  readonly topPromptLast?: number;
  /** Top-k tokens to return per sampled position; none by default. */
  readonly topSampledTokens?: number;
  /** Token ids to score at positions of the prompt. */
  readonly promptTargets?: PromptTargets;
  /** Alternative tokens to sample per prompt position except the first, with replacement, at the request's temperature. */
  readonly promptAlternatives?: number;
}

export interface GenerateResult {
  readonly sequences: readonly SampledSequence[];
  /** One row for each token of the prompt, where asked for; the first is empty. */
  readonly promptTop?: TopTokens;
  /** Log-probs of the targets, in their order, where asked for; 0 for NO_TARGET. */
  readonly promptTargets?: RaggedTensor<Float32Array>;
  /** Row i has the draws for position i + 1 of the prompt, if requested. */
  readonly promptAlternatives?: TokenTable;
}

export interface TokenEvent {
  /** Which of the `count` continuations. */
  readonly index: number;
  readonly token: number;
  readonly logprob: number;
}

export type TokenListener = (event: TokenEvent) => void;
