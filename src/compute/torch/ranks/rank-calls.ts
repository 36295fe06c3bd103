import { type AdamParams } from '../../../domain/adapter/adam-params.js';
import { type AdapterHandle, type OptimStepResult, type StateDescription } from '../../compute-backend.js';
import { type Batching, type Repeatability } from '../../compute-backend.js';
import { type RunPart, type RunSlopes, type SequenceStep, type WeightsRef } from '../../model-engine.js';
import { type WireArray } from '../frames/frame-codec.js';
import { type RankError } from './rank-messages.js';
import { type WireRows, type WireState, type WireTensors } from '../frames/wire-tensors.js';

interface Signature<Args, Value> {
  readonly args: Args;
  readonly value: Value;
}

/** What a rank can do, once it has loaded the models. */
export interface RankInfo {
  readonly device: string;
  readonly batching: Batching;
  readonly repeatability: Repeatability;
  readonly passTokens: number;
  readonly sequenceBytes: number | null;
  readonly models: readonly {
    readonly name: string;
    readonly parameterCount: number;
    readonly cacheBytesPerToken: number;
  }[];
}

export interface WireItem {
  readonly weights: WeightsRef;
  readonly train: boolean;
  readonly tokens: WireRows;
  readonly targets: WireRows;
  readonly scored: Uint8Array;
}

/** For each part, for each of its datums: its log-probs, or null from a rank that has not computed them. */
export type DatumLogprobs = readonly (readonly WireArray<Float32Array>[])[];

export interface WireNext {
  /** Of the rows of which nothing is named: whole, or of `drawn` alone. */
  readonly logits: WireArray<Float32Array>;
  readonly logSums: WireArray<Float32Array>;
  /** The tokens of the draws that the step asks for. Null: the row is whole. */
  readonly drawn: WireArray<Int32Array> | null;
  /** The logits of the tokens that the step names, row by row. */
  readonly named: WireArray<Float32Array> | null;
}

/** The calls of the control link, by name; protocol/torch-worker.md says what each does. Values are those of one rank. */
export interface RankCalls {
  readonly start: Signature<Record<string, never>, RankInfo>;
  readonly createAdapter: Signature<{ adapter: AdapterHandle; state: WireState }, null>;
  readonly deleteAdapter: Signature<{ id: string }, null>;
  readonly exportState: Signature<{ id: string }, WireState>;
  readonly digestState: Signature<{ id: string }, string>;
  readonly describeState: Signature<{ id: string }, StateDescription>;
  readonly importState: Signature<{ id: string; state: WireState; optimizer: boolean }, null>;
  readonly step: Signature<{ id: string; params: AdamParams }, OptimStepResult>;
  readonly dropGradients: Signature<{ id: string }, number>;
  readonly loadWeights: Signature<{ adapter: AdapterHandle; weights: WireTensors }, null>;
  readonly dropWeights: Signature<{ id: string }, null>;
  readonly openPass: Signature<
    { pass: number; items: readonly WireItem[] },
    { readonly refused: readonly { readonly item: number; readonly error: Omit<RankError, 'kind'> }[] }
  >;
  readonly forward: Signature<{ pass: number; parts: readonly RunPart[] }, DatumLogprobs>;
  readonly backward: Signature<{ pass: number; dLogprobs: readonly Float32Array[] }, null>;
  readonly fused: Signature<{ pass: number; parts: readonly RunPart[]; slopes: readonly RunSlopes[] }, DatumLogprobs>;
  readonly keepGradients: Signature<{ pass: number; item: number }, null>;
  readonly closePass: Signature<{ pass: number }, null>;
  readonly openSequence: Signature<{ sequence: number; weights: WeightsRef }, null>;
  readonly forkSequence: Signature<{ sequence: number; forks: readonly number[]; length?: number | undefined }, null>;
  readonly advance: Signature<{ steps: readonly SequenceStep[] }, readonly WireNext[]>;
  readonly closeSequences: Signature<{ sequences: readonly number[] }, null>;
  readonly stop: Signature<Record<string, never>, null>;
}

export type CallName = keyof RankCalls;
export type CallArgs<Name extends CallName> = RankCalls[Name]['args'];
export type CallValue<Name extends CallName> = RankCalls[Name]['value'];
