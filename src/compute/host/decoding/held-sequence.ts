import { type NamedTokens, type PlainDraws } from '../../model-engine.js';

/** A sequence that the engine holds. */
export interface HeldSequence {
  /** The engine's name for it. */
  sequence: number;
  /** Tokens that it has read. */
  length: number;
  /** Tokens that memory has been granted for. */
  granted: number;
}

/** What a sequence reads in a step. */
export interface Move {
  readonly held: HeldSequence;
  readonly tokens: Int32Array;
  /** As in SequenceStep. */
  readonly rows?: Int32Array;
  /** As in SequenceStep. */
  readonly named?: NamedTokens;
  /** As in SequenceStep. */
  readonly draws?: PlainDraws;
}
