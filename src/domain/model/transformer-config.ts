import { type ModelConfig } from './model-config.js';

/**
 * What the local engine computes: a dense decoder-only transformer. What all models of a family have in common follows
 * from its name: src/compute/models/families.
 */
export interface TransformerConfig extends ModelConfig {
  readonly family: 'llama' | 'mistral' | 'qwen2' | 'qwen3';
  readonly rmsNormEps: number;
  readonly rope: RopeConfig;
}

/** Rotary position embedding (arXiv:2104.09864): frequencies theta^(-2i/D), scaled for longer contexts or as they are. */
export interface RopeConfig {
  readonly theta: number;
  readonly scaling: RopeScaling | null;
}

export type RopeScaling = LinearRopeScaling | YarnRopeScaling | Llama3RopeScaling;

/** All frequencies divided by the factor (position interpolation, arXiv:2306.15595). */
export interface LinearRopeScaling {
  readonly type: 'linear';
  readonly factor: number;
}

/** Low frequencies divided by the factor, high ones kept, a ramp between them (arXiv:2309.00071). */
export interface YarnRopeScaling {
  readonly type: 'yarn';
  readonly factor: number;
  readonly originalContextLength: number;
  /** cos and sin are multiplied by it. */
  readonly attentionFactor: number;
  /** Rotations within the original context from which on a frequency is kept. */
  readonly betaFast: number;
  /** Rotations within the original context up to which a frequency is divided. */
  readonly betaSlow: number;
  /** Whether the ramp starts and ends at whole dimensions. */
  readonly truncate: boolean;
}

/** Long waves slowed down by the factor, short ones kept, a blend between them (Llama 3.1). */
export interface Llama3RopeScaling {
  readonly type: 'llama3';
  readonly factor: number;
  readonly lowFreqFactor: number;
  readonly highFreqFactor: number;
  readonly originalContextLength: number;
}
