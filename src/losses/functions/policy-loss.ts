import { type LossInputs, type LossResult } from '../../domain/loss.js';
import { type RaggedTensor } from '../../domain/ragged-tensor.js';
import {
  countMarks,
  finiteMetric,
  type LossConfig,
  type LossConfigKey,
  LossFunction,
  type LossInputSpec,
  nonZeroRows,
  requiredInput,
  TARGET_TOKENS,
  WEIGHTS,
} from '../loss-function.js';

/** Inputs of every reinforcement-learning loss. */
export const POLICY_INPUTS: readonly LossInputSpec[] = [
  TARGET_TOKENS,
  {
    name: 'logprobs',
    dtype: 'float',
    required: true,
    description: 'Log-prob of each target under the policy that sampled it.',
  },
  { name: 'advantages', dtype: 'float', required: true, description: 'Advantage of each target.' },
  WEIGHTS,
];

/** Bounds on the ratio exp(l - q) itself, not distances from 1. */
export function clipThresholds(low: number, high: number): readonly LossConfigKey[] {
  return [
    { name: 'clip_low_threshold', default: low, min: 0, description: 'Lower bound on the probability ratio.' },
    { name: 'clip_high_threshold', default: high, min: 0, description: 'Upper bound on the probability ratio.' },
  ];
}

/** Where a loss puts the term of one position. One object serves all positions: nothing is allocated per token. */
export interface PolicyTerm {
  /** Its part of the loss, before the weight. */
  loss: number;
  /** d loss / d l, before the weight. */
  gradient: number;
}

/** Computes one position's term from l (log-prob now), q (log-prob when sampled) and A (advantage). */
export type PolicyTermFunction = (l: number, q: number, advantage: number, term: PolicyTerm) => void;

/**
 * Losses that sum a term of (l, q, A) over tokens, times the optional weight:
 *
 *   loss = sum_t w_t f(l_t, q_t, A_t)
 *
 * Without weights, positions of advantage 0 (prompts, in the usual datums) don't count.
 *
 * Metrics, plain averages over the positions that count, r = exp(l - q): mean_advantage, mean_ratio, max_ratio,
 * min_ratio, mean_nll (-l), and two estimates of KL(sampler || current policy) from the sampler's own tokens (John
 * Schulman, "Approximating KL Divergence", http://joschu.net/blog/kl-approx.html): kl_k1 = mean(q - l), unbiased, and
 * kl_k3 = mean(r - 1 - (l - q)), unbiased and never negative. Losses with thresholds add clip_fraction, the share of
 * ratios outside them.
 */
export abstract class PolicyLoss extends LossFunction {
  protected abstract termFunction(config: LossConfig): PolicyTermFunction;

  /** The thresholds that clip_fraction counts against, or null for a loss without. */
  protected clipBounds(_config: LossConfig): { readonly low: number; readonly high: number } | null {
    return null;
  }

  override activePositions(inputs: LossInputs): Uint8Array {
    return nonZeroRows(inputs.weights ?? requiredInput(inputs, 'advantages'));
  }

  override configProblem(config: LossConfig): { readonly key: string; readonly message: string } | null {
    const bounds = this.clipBounds(config);
    if (!bounds || bounds.low <= bounds.high) return null;
    return {
      key: 'clip_low_threshold',
      message: `clip_low_threshold (${bounds.low}) is greater than clip_high_threshold (${bounds.high}).`,
    };
  }

  override compute(logprobs: RaggedTensor<Float32Array>, inputs: LossInputs, config: LossConfig): LossResult {
    const l = logprobs.data;
    const q = requiredInput(inputs, 'logprobs').data;
    const advantages = requiredInput(inputs, 'advantages').data;
    const weights = inputs.weights?.data;
    const active = this.activePositions(inputs);
    const evaluate = this.termFunction(config);
    const term: PolicyTerm = { loss: 0, gradient: 0 };
    const dLogprobs = new Float64Array(l.length);
    let loss = 0;
    for (let i = 0; i < l.length; i++) {
      if (active[i] === 0) continue;
      const w = weights ? weights[i]! : 1;
      evaluate(l[i]!, q[i]!, advantages[i]!, term);
      loss += w * term.loss;
      dLogprobs[i] = w * term.gradient;
    }
    const counts = { num_tokens: active.length, num_weighted_tokens: countMarks(active) };
    const metrics = { ...counts, ...policyMetrics(l, q, advantages, active, this.clipBounds(config)) };
    return { loss, dLogprobs, metrics };
  }
}

function policyMetrics(
  l: ArrayLike<number>,
  q: ArrayLike<number>,
  advantages: ArrayLike<number>,
  active: Uint8Array,
  bounds: { readonly low: number; readonly high: number } | null,
): Record<string, number> {
  let count = 0;
  let advantage = 0;
  let nll = 0;
  let logRatios = 0;
  let ratios = 0;
  let k3 = 0;
  let max = -Infinity;
  let min = Infinity;
  let clipped = 0;
  for (let i = 0; i < active.length; i++) {
    if (active[i] === 0) continue;
    const logRatio = l[i]! - q[i]!;
    const ratio = Math.exp(logRatio);
    count++;
    advantage += advantages[i]!;
    nll -= l[i]!;
    logRatios += logRatio;
    ratios += ratio;
    k3 += Math.expm1(logRatio) - logRatio; // expm1: exact for the tiny log-ratios of a policy that has hardly moved
    if (ratio > max) max = ratio;
    if (ratio < min) min = ratio;
    if (bounds && (ratio < bounds.low || ratio > bounds.high)) clipped++;
  }
  if (count === 0) return {};
  return {
    mean_advantage: advantage / count,
    mean_ratio: finiteMetric(ratios / count),
    max_ratio: finiteMetric(max),
    min_ratio: finiteMetric(min),
    ...(bounds ? { clip_fraction: clipped / count } : {}),
    kl_k1: finiteMetric(-logRatios / count),
    kl_k3: finiteMetric(k3 / count),
    mean_nll: finiteMetric(nll / count),
  };
}
