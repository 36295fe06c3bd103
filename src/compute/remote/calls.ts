import { type SerializedError } from '../../common/errors/app-error.js';
import { type AdamParams } from '../../domain/adapter/adam-params.js';
import { type AdapterState } from '../../domain/adapter/adapter-state.js';
import { type RankMemory } from '../../domain/rank-memory.js';
import {
  type AdapterHandle,
  type BackendCapabilities,
  type Caller,
  type ForwardRequest,
  type ForwardResult,
  type GenerateRequest,
  type GenerateResult,
  type ModelTarget,
  type OptimStepResult,
  type SavedState,
  type StateDescription,
  type StateParts,
  type StateRef,
  type StateSource,
  type TokenEvent,
  type WorkCounts,
} from '../compute-backend.js';

/*
 * The messages between a RemoteBackend and the engine behind its link. All of it is plain data that can be cloned
 * between threads; listeners and signals stay with the caller and become messages of their own.
 */

interface Signature<Args extends readonly unknown[], Result> {
  readonly args: Args;
  readonly result: Result;
}

/** The calls of ComputeBackend, by name: what each takes and what it gives back. */
export interface EngineCalls {
  /** Answers with what the backend can do, which is known only once it has started. */
  readonly start: Signature<[], BackendCapabilities>;
  readonly stop: Signature<[], void>;
  readonly createAdapter: Signature<[adapter: AdapterHandle, from?: StateSource], void>;
  readonly deleteAdapter: Signature<[adapterId: string], void>;
  readonly exportState: Signature<[adapterId: string], AdapterState>;
  readonly digestState: Signature<[adapterId: string], string>;
  readonly describeState: Signature<[adapterId: string], StateDescription>;
  readonly saveState: Signature<[adapterId: string, to: StateRef, parts: StateParts], SavedState>;
  readonly loadState: Signature<[adapterId: string, from: StateSource, options: { optimizer: boolean }], void>;
  readonly loadWeights: Signature<[weights: AdapterHandle, from: StateSource], void>;
  readonly dropWeights: Signature<[id: string], void>;
  readonly forward: Signature<[target: ModelTarget, request: ForwardRequest, caller?: Caller], ForwardResult>;
  readonly forwardBackward: Signature<[adapterId: string, request: ForwardRequest, caller?: Caller], ForwardResult>;
  readonly optimStep: Signature<[adapterId: string, params: AdamParams, caller?: Caller], OptimStepResult>;
  readonly dropGradients: Signature<[adapterId: string], number>;
  readonly countWork: Signature<[], WorkCounts>;
  readonly measureRanks: Signature<[], readonly RankMemory[]>;
  /** `tellTokens`: whether each token is sent as it is drawn. */
  readonly generate: Signature<
    [target: ModelTarget, request: GenerateRequest, options: Caller & { readonly tellTokens: boolean }],
    GenerateResult
  >;
}
export type Method = keyof EngineCalls;
export type Args<M extends Method> = EngineCalls[M]['args'];
export type Result<M extends Method> = EngineCalls[M]['result'];

/** Asks for a call. Everything that follows about it carries its id. */
export interface CallMessage<M extends Method = Method> {
  readonly kind: 'call';
  readonly id: number;
  readonly method: M;
  readonly args: Args<M>;
}

/** Gives a call up. One that has ended, or that cannot be given up, is left as it is. */
export interface AbortMessage {
  readonly kind: 'abort';
  readonly id: number;
}

export type ToEngine = CallMessage | AbortMessage;

export interface ResultMessage<M extends Method = Method> {
  readonly kind: 'result';
  readonly id: number;
  readonly method: M;
  readonly value: Result<M>;
}

/** A foreseen error, which keeps its code and category. */
export interface ErrorMessage {
  readonly kind: 'error';
  readonly id: number;
  readonly error: SerializedError;
}

/** An error that nobody foresaw; the stack is the engine's. */
export interface CrashMessage {
  readonly kind: 'crash';
  readonly id: number;
  readonly message: string;
  readonly stack: string;
}

export interface TokenMessage {
  readonly kind: 'token';
  readonly id: number;
  readonly event: TokenEvent;
}

/** Tells that an adapter has left the engine's memory unasked; belongs to no call. */
export interface LostMessage {
  readonly kind: 'lost';
  readonly adapterId: string;
}

export type FromEngine = ResultMessage | ErrorMessage | CrashMessage | TokenMessage | LostMessage;

/** Tells whether a result is that of a call of this method. */
export function isResultOf<M extends Method>(message: ResultMessage, method: M): message is ResultMessage<M> {
  return message.method === method;
}
