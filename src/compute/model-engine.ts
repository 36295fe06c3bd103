import { type RankMemory } from '../domain/rank-memory.js';
import { type AdamParams } from '../domain/adapter/adam-params.js';
import { type AdapterState, type AdapterTensors } from '../domain/adapter/adapter-state.js';
import { type FusedTerms } from '../domain/loss.js';
import { type ModelConfig } from '../domain/model/model-config.js';
import { type RaggedTensor } from '../domain/ragged-tensor.js';
import {
  type AdapterHandle,
  type Batching,
  type OptimStepResult,
  type Repeatability,
  type StateDescription,
} from './compute-backend.js';

export { type Batching };

/**
 * The lower compute port: what runs models. It knows tensors and the weights of adapters; it knows no loss, text, log or
 * HTTP. HostBackend turns it into a ComputeBackend, so an engine in another language needs no loss and no sampler.
 *
 * Arguments and results are plain data and typed arrays, so an engine may be at the other end of a socket. What is large
 * or lives long stays with the engine and has a name: adapters and sampler weights by the id they are registered under,
 * passes and sequences by the id that opening them gives.
 *
 * Contract:
 * - The engine owns the state of an adapter (weights, moments, gradients), because the ranks that hold the weights must
 *   hold the rest: the optimiser's step is a call, not a transfer. Initial weights come from the caller, so that a seed
 *   gives the same adapter on every engine.
 * - Passes are opened one at a time; sequences advance between the calls of a pass.
 * - A pass and a sequence run with the weights that their adapter has when they are opened, whatever happens to it until
 *   they are closed.
 * - A call that fails changes no adapter.
 */
export abstract class ModelEngine {
  /** Known after start(). */
  abstract readonly capabilities: EngineCapabilities;
  /** What the processes of the engine beside this one last told of their memory, by rank. */
  get ranksMemory(): readonly RankMemory[] {
    return [];
  }

  /** Loads the base models. Fails with the reason when one is not supported. */
  abstract start(): Promise<void>;
  /** Frees everything. Called when no pass and no sequence is open. */
  abstract stop(): Promise<void>;

  /** Registers an adapter with this state, which fits it. Replaces one that has the id. */
  abstract createAdapter(adapter: AdapterHandle, state: AdapterState): Promise<void>;
  /** Frees an adapter. Ignores unknown ids. */
  abstract deleteAdapter(adapterId: string): Promise<void>;
  /** Copies the adapter's whole state. */
  abstract exportState(adapterId: string): Promise<AdapterState>;
  /** Digest of the adapter's whole state; see state-digest.ts. */
  abstract digestState(adapterId: string): Promise<string>;
  abstract describeState(adapterId: string): Promise<StateDescription>;
  /** Replaces weights; with `optimizer` also moments and step, else they start fresh. Drops unapplied gradients. */
  abstract importState(adapterId: string, state: AdapterState, options: { optimizer: boolean }): Promise<void>;
  /** One AdamW step with the gradients so far. @throws NoGradientsError when there are none */
  abstract step(adapterId: string, params: AdamParams): Promise<OptimStepResult>;
  /** Forgets the gradients not yet applied. @returns of how many passes they were */
  abstract dropGradients(adapterId: string): Promise<number>;

  /** Registers weights that are only read (sampler weights) under the id, instead of those that have it. */
  abstract loadWeights(weights: AdapterHandle, tensors: AdapterTensors): Promise<void>;
  /** Frees them. Ignores unknown ids. */
  abstract dropWeights(id: string): Promise<void>;

  /**
   * Opens one pass over the base model for all items, which share it, and divides it into runs that fit the engine's
   * memory. The caller decides in which order and how often it makes the runs. All items of a pass have the same `train`.
   */
  abstract openPass(items: readonly PassItem[]): Promise<OpenPass>;
  /** Computes the log-probs of a run, and keeps what its backward needs until the next call for the pass. */
  abstract forward(pass: number, run: number): Promise<RunLogprobs>;
  /**
   * Adds the gradients of a run, whose forward was the last call for the pass, to those of the pass.
   * @param dLogprobs dLoss/dlogprob, one array for each part, laid out as its log-probs
   */
  abstract backward(pass: number, run: number, dLogprobs: readonly Float32Array[]): Promise<void>;
  /**
   * Computes the log-probs of a run and adds its gradients to those of the pass, with slopes that the engine computes by
   * their formula. @returns null when it does not know the formula; then the pass is as before
   */
  abstract fused(pass: number, run: number, slopes: readonly RunSlopes[]): Promise<RunLogprobs | null>;
  /**
   * Adds the gradients of the pass to those of the item's adapter, which thereby has made one more pass. Nothing of a
   * pass reaches an adapter without this call.
   * @throws NonFiniteLossError when one of them is NaN or infinite
   */
  abstract keepGradients(pass: number, item: number): Promise<void>;
  /** Frees what the pass holds. */
  abstract closePass(pass: number): Promise<void>;

  /** Opens an empty sequence of tokens. @returns its id */
  abstract openSequence(weights: WeightsRef): Promise<number>;
  /** Opens `count` sequences that begin with the first `length` tokens of this one, by default all. @returns their ids */
  abstract forkSequence(sequence: number, count: number, length?: number): Promise<readonly number[]>;
  /**
   * Appends tokens to open sequences, each at most once: a piece of a prompt to one, the token drawn last to others.
   * Says what comes next, in one list for each step.
   *
   * The caller draws tokens from rows of logits, so every engine samples alike. Where a step says how a token will be
   * drawn, or which logits of a row are all that is needed, an engine may give these instead of the row; draws only if it
   * is certain of the caller's result.
   */
  abstract advance(steps: readonly SequenceStep[]): Promise<readonly (readonly NextToken[])[]>;
  /** Frees sequences. */
  abstract closeSequences(sequences: readonly number[]): Promise<void>;
}

export interface EngineCapabilities {
  /** 'onnxruntime' or 'tensorflow' for the local engine. */
  readonly engine: string;
  readonly device: string;
  readonly maxRank: number;
  /** Processes that hold a share of the models. */
  readonly ranks: number;
  readonly repeatability: Repeatability;
  /** What items of one pass, and sequences of one step, get in company. */
  readonly batching: Batching;
  /** Tokens of a run beyond which sharing it gains nothing. */
  readonly passTokens: number;
  /** Memory that open sequences may take together, in bytes, where it is not the host's. */
  readonly sequenceBytes?: number;
  readonly models: readonly EngineModel[];
}

export interface EngineModel {
  readonly name: string;
  readonly config: ModelConfig;
  readonly parameterCount: number;
  /** Memory that an open sequence takes for each token that it holds. */
  readonly cacheBytesPerToken: number;
}

/** Weights that the engine holds: those of a base model, alone or with an adapter's. */
export type WeightsRef =
  | { readonly kind: 'base'; readonly baseModel: string }
  | { readonly kind: 'adapter'; readonly id: string }
  /** Registered by loadWeights(). */
  | { readonly kind: 'weights'; readonly id: string };

/** What one request brings into a pass. */
export interface PassItem {
  readonly weights: WeightsRef;
  /** Gives gradients, and drops out what the adapter's dropout says; needs an adapter. */
  readonly train: boolean;
  readonly tokens: RaggedTensor<Int32Array>;
  /** Per position the tokens whose log-probs are wanted: [N] or [N, K]. */
  readonly targets: RaggedTensor;
  /** Per position, 1 where log-probs are wanted, else 0. */
  readonly scored: Uint8Array;
}

export interface OpenPass {
  readonly id: number;
  /** None where no position is scored. */
  readonly runs: readonly PassRun[];
  /** Items that cannot run, each with its reason; they are in no run, and the others go on without them. */
  readonly refused: readonly RefusedItem[];
}

export interface RefusedItem {
  /** Index in the items of the pass. */
  readonly item: number;
  readonly error: Error;
}

/** What runs at once. */
export interface PassRun {
  readonly parts: readonly RunPart[];
}

export interface RunPart {
  /** Index in the items of the pass. */
  readonly item: number;
  /** Datums of the item, in the order in which their rows come. */
  readonly datums: readonly number[];
}

/**
 * One array for each part of a run: log p of all targets of its first scored position, then of the next, datum by datum
 * in the order of the part. Valid until the next call for the pass.
 */
export type RunLogprobs = readonly Float32Array[];

/** Slopes dLoss/dlogprob of one part by their formula; the arrays are laid out as the log-probs of the part. */
export interface RunSlopes {
  readonly terms: FusedTerms;
  readonly weights: Float32Array;
  readonly samplerLogprobs: Float32Array;
  readonly advantages: Float32Array;
}

export interface SequenceStep {
  readonly sequence: number;
  readonly tokens: Int32Array;
  /** Offsets in `tokens` after which the next token is asked for; only the last if omitted. */
  readonly rows?: Int32Array;
  /** Tokens whose logits are all that the caller needs of the first rows. */
  readonly named?: NamedTokens;
  /** The draws from the last row, where the caller needs nothing else of it; other rows are `named`. */
  readonly draws?: PlainDraws;
}

/** Tokens by row: those of row i are tokens[offsets[i]] to tokens[offsets[i + 1] - 1]. */
export interface NamedTokens {
  readonly tokens: Int32Array;
  readonly offsets: Int32Array;
}

/** Draws with replacement from the whole distribution of the model; see TokenSampler. */
export interface PlainDraws {
  /** 0: the most likely token, of equal ones the lowest id. */
  readonly temperature: number;
  /** A number in [0, 1) for each draw, which alone decides; ignored at temperature 0. */
  readonly uniforms: readonly number[];
}

/**
 * What the model says about one next token: logits of the whole vocabulary and their log-sum-exp. The arrays are valid
 * until the next call of advance().
 */
export interface NextToken {
  /** Of the whole vocabulary, or of `drawn` alone, or empty where there is `named`. */
  readonly logits: Float32Array;
  /** The token of each draw that the step asks for, from an engine that has made them. */
  readonly drawn?: Int32Array;
  /** The logits of the tokens that the step names for the row, from an engine that sends no more of it. */
  readonly named?: Float32Array;
  /** Their softmax, from an engine that gives it: it spares the caller an exponential for each token. */
  readonly probabilities?: Float32Array;
  readonly logSum: number;
}
