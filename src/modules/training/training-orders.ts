import { type AdamParams } from '../../domain/adapter/adam-params.js';
import { type DatumBatch, type LogprobScope } from '../../domain/datum-batch.js';
import { type NewAdapter } from '../adapters/index.js';
import { type BatchContext } from './readers/batch-context.js';

/** A batch to run through an adapter, as the readers of the dialects fill it from requests. */
export interface TrainingOrder {
  readonly kind: 'forward' | 'forward_backward';
  /** Name of an adapter; for a forward also of a base model, where the order may make adapters. */
  readonly modelId: string;
  /**
   * The adapter to make where there is none of this name; one that exists must agree. Left out: the adapter must exist,
   * and no base model is meant.
   */
  readonly makes?: Omit<NewAdapter, 'modelId'>;
  /** The client's number of the request: a repeat gives the first one's future. */
  readonly seqId?: number;
  /** As the client names it. */
  readonly loss: string;
  readonly lossConfig?: Readonly<Record<string, unknown>>;
  /**
   * Reads the data once base model and loss are known, as it is checked against both.
   * @throws InvalidRequestError that names the fields of the dialect
   */
  readonly read: (context: BatchContext) => BatchData | Promise<BatchData>;
}

export interface BatchData {
  readonly batch: DatumBatch;
  /** Which positions' log-probs come back. */
  readonly logprobs: LogprobScope;
}

/** A step of the optimiser. */
export interface OptimStepOrder {
  readonly modelId: string;
  readonly seqId?: number;
  readonly params: AdamParams;
}
