import { type Seed } from '../seed.js';

/** The linears that can carry a LoRA in some base model, named as in Hugging Face and PEFT. */
export const TARGET_MODULES = [
  'q_proj',
  'k_proj',
  'v_proj',
  'qkv_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'gate_up_proj',
  'down_proj',
  'lm_head',
] as const;
export type TargetModule = (typeof TARGET_MODULES)[number];

/** Everything that shapes an adapter; fixed at creation. */
export interface LoraSpec {
  readonly rank: number;
  readonly alpha: number;
  /** Probability of dropping an input element of the A matrix during forward_backward. */
  readonly dropout: number;
  readonly targetModules: readonly TargetModule[];
  /** Rank-stabilised scaling: alpha / sqrt(rank) instead of alpha / rank (arXiv:2312.03732). */
  readonly rsLora: boolean;
  /** Seeds the initial A matrices and the dropout masks. */
  readonly seed: Seed;
  /** Ranks of the modules, by full name, that have another one; PEFT's rank_pattern, resolved. */
  readonly rankPattern?: Readonly<Record<string, number>>;
  /** The same of alpha. */
  readonly alphaPattern?: Readonly<Record<string, number>>;
  /** Modules of the targeted kinds, by full name, that carry no LoRA. */
  readonly excludedModules?: readonly string[];
}

export const DEFAULT_LORA: LoraSpec = {
  rank: 16,
  alpha: 32,
  dropout: 0,
  targetModules: ['q_proj', 'v_proj'],
  rsLora: false,
  seed: 0,
};

/** Rank of the LoRA on a module. */
export function loraRank({ rank, rankPattern }: Pick<LoraSpec, 'rank' | 'rankPattern'>, module: string): number {
  return rankPattern?.[module] ?? rank;
}

/** Factor on B A x; of one module where modules differ. */
export function loraScale(
  spec: Pick<LoraSpec, 'rank' | 'alpha' | 'rsLora' | 'rankPattern' | 'alphaPattern'>,
  module = '',
): number {
  const rank = loraRank(spec, module);
  return (spec.alphaPattern?.[module] ?? spec.alpha) / (spec.rsLora ? Math.sqrt(rank) : rank);
}

/** Do ranks or scales differ from module to module? */
export function isMixed({ rankPattern, alphaPattern }: LoraSpec): boolean {
  return rankPattern !== undefined || alphaPattern !== undefined;
}

/** The largest rank of a module. */
export function largestRank({ rank, rankPattern = {} }: Pick<LoraSpec, 'rank' | 'rankPattern'>): number {
  return Object.values(rankPattern).reduce((most, own) => Math.max(most, own), rank);
}
