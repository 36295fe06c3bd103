import { type Seed } from './seed.js';

/** The linears of a decoder layer that can carry a LoRA, named as in Hugging Face and PEFT, and the output projection. */
export const LAYER_TARGETS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;
export const TARGET_MODULES = [...LAYER_TARGETS, 'lm_head'] as const;
export type TargetModule = (typeof TARGET_MODULES)[number];

/** Everything that shapes an adapter; fixed at creation. */
export interface LoraSpec {
  readonly rank: number;
  readonly alpha: number;
  /** Probability of dropping an input element of the A matrix during forward_backward. */
  readonly dropout: number;
  readonly targetModules: readonly TargetModule[];
  /** Rank-stabilised scaling: alpha / sqrt(rank) in place of alpha / rank (arXiv:2312.03732). */
  readonly rsLora: boolean;
  /** Seeds the initial A matrices and the dropout masks. */
  readonly seed: Seed;
}

export const DEFAULT_LORA: LoraSpec = {
  rank: 16,
  alpha: 32,
  dropout: 0,
  targetModules: ['q_proj', 'v_proj'],
  rsLora: false,
  seed: 0,
};

/** Factor on B A x. */
export function loraScale(spec: Pick<LoraSpec, 'rank' | 'alpha' | 'rsLora'>): number {
  return spec.alpha / (spec.rsLora ? Math.sqrt(spec.rank) : spec.rank);
}
