/** A float32 tensor by its shape and numbers, row-major. */
export interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * Tensors of an adapter by parameter name. Names are PEFT's without its `base_model.model.` prefix, for example
 * `model.layers.0.self_attn.q_proj.lora_A.weight` (shape [rank, in]) and `lm_head.lora_B.weight` (shape [out, rank]).
 */
export type AdapterTensors = ReadonlyMap<string, NamedTensor>;

/**
 * Everything about an adapter that training changes. Written and read as a whole; restoring it restores the adapter
 * bit for bit.
 */
export interface AdapterState {
  readonly weights: AdapterTensors;
  /** First and second Adam moments; empty maps before the first step. */
  readonly moments: { readonly m: AdapterTensors; readonly v: AdapterTensors };
  /** Optimiser steps taken. */
  readonly step: number;
  /** Sum of the gradients not yet applied; null when there are none. */
  readonly gradients: AdapterTensors | null;
  /** forward_backward passes that are in that sum; 0 when there is none. */
  readonly gradientPasses: number;
  /** forward_backward passes so far: with the seed it determines the next dropout mask. */
  readonly passes: number;
}

/** The part of a state that says that no gradients wait for a step. */
export const NO_GRADIENTS = { gradients: null, gradientPasses: 0 } as const;
