import { type LossInputs, type LossResult } from '../../domain/loss.js';
import { datumCount, datumValues, type RaggedTensor } from '../../domain/ragged-tensor.js';
import { type LossConfig, Loss, LossFunction, requiredInput, TARGET_TOKENS, WEIGHTS } from '../loss-function.js';

/**
 * Direct preference optimisation (Rafailov et al. 2023, arXiv:2305.18290, equation 7). Two datums with the same `pair` are
 * a chosen and a rejected answer; with the log-ratio of an answer to the reference model
 *
 *   r = sum_t w_t (l_t - ref_t)
 *   loss = - scale sum_pairs log sigmoid(beta (r_chosen - r_rejected))
 *   dLoss/dl_t = -/+ scale beta w_t sigmoid(-beta (r_chosen - r_rejected))    for the chosen / the rejected answer
 *
 * A pair with a datum missing, or with two of one side, makes the loss NaN, so that the request fails: a margin of half a
 * pair would be a wrong number that looks right.
 *
 * Metrics, under TRL's names: rewards/chosen and rewards/rejected (means of beta r), rewards/accuracies (the share of pairs
 * with a positive margin), rewards/margins; and num_pairs, num_tokens (positions).
 */
@Loss({
  name: 'pairwise_dpo',
  description: 'Direct preference optimisation on pairs of a chosen and a rejected answer',
  inputs: [
    TARGET_TOKENS,
    {
      name: 'reference_logprobs',
      dtype: 'float',
      required: true,
      description: 'Log-probs of the targets under the reference model.',
    },
    { name: 'pair', dtype: 'float', per: 'datum', required: true, description: 'The same number for both of a pair.' },
    {
      name: 'chosen',
      dtype: 'float',
      per: 'datum',
      required: true,
      description: '1 for the chosen answer of a pair, 0 for the rejected one.',
    },
    WEIGHTS,
  ],
  config: [
    { name: 'beta', default: 0.1, min: 0, description: 'How strongly the model is held to the reference.' },
    { name: 'scale', default: 1, min: 0, description: 'Factor of the loss: 1 / pairs makes it a mean.' },
  ],
})
export class PairwiseDpoLoss extends LossFunction {
  override compute(logprobs: RaggedTensor<Float32Array>, inputs: LossInputs, config: LossConfig): LossResult {
    const beta = config['beta']!;
    const scale = config['scale']!;
    const ratios = logRatios(logprobs, inputs);
    const pairs = findPairs(inputs);
    const slopes = new Float64Array(ratios.length);
    let loss = 0;
    const sums = { chosen: 0, rejected: 0, accuracies: 0, margins: 0 };
    for (const [chosen, rejected] of pairs) {
      // Of half a pair, one of the two is undefined, and the margin NaN.
      const margin = beta * (ratios[chosen]! - ratios[rejected]!);
      loss += scale * softplus(-margin);
      const slope = scale * beta * sigmoid(-margin);
      if (chosen >= 0) slopes[chosen] = -slope;
      if (rejected >= 0) slopes[rejected] = slope;
      sums.chosen += beta * ratios[chosen]!;
      sums.rejected += beta * ratios[rejected]!;
      sums.accuracies += margin > 0 ? 1 : 0;
      sums.margins += margin;
    }
    const means = Object.entries(sums).map(([name, sum]): [string, number] => [`rewards/${name}`, sum / pairs.length]);
    const counts = { num_pairs: pairs.length, num_tokens: logprobs.data.length };
    const dLogprobs = spread(slopes, logprobs, inputs);
    return { loss, dLogprobs, metrics: { ...counts, ...Object.fromEntries(means) } };
  }
}

/** What each datum is likelier than under the reference, as a logarithm. */
function logRatios(logprobs: RaggedTensor<Float32Array>, inputs: LossInputs): Float64Array {
  const reference = requiredInput(inputs, 'reference_logprobs');
  const { weights } = inputs;
  return Float64Array.from({ length: datumCount(logprobs) }, (_, i) => {
    const own = datumValues(logprobs, i);
    const other = datumValues(reference, i);
    const factors = weights && datumValues(weights, i);
    let sum = 0;
    for (let t = 0; t < own.length; t++) {
      const factor = factors ? factors[t]! : 1;
      if (factor !== 0) sum += factor * (own[t]! - other[t]!); // a masked log-prob may be NaN
    }
    return sum;
  });
}

/** [chosen datum, rejected datum] of every pair; -1 for one that is missing or there twice. */
function findPairs(inputs: LossInputs): [number, number][] {
  const pair = requiredInput(inputs, 'pair').data;
  const chosen = requiredInput(inputs, 'chosen').data;
  const pairs = new Map<number, [number, number]>();
  const counts = new Map<number, number>();
  pair.forEach((number, i) => {
    const datums = pairs.get(number) ?? [-1, -1];
    datums[chosen[i] === 0 ? 1 : 0] = i;
    pairs.set(number, datums);
    counts.set(number, (counts.get(number) ?? 0) + 1);
  });
  return [...pairs].map(([number, datums]) => (counts.get(number) === 2 ? datums : [-1, -1]));
}

/** A datum's slope at each of its positions. */
function spread(slopes: Float64Array, logprobs: RaggedTensor, { weights }: LossInputs): Float64Array {
  const spreadOut = new Float64Array(logprobs.data.length);
  slopes.forEach((slope, i) => {
    for (let t = logprobs.offsets[i]!; t < logprobs.offsets[i + 1]!; t++) {
      const factor = weights ? weights.data[t]! : 1;
      if (factor !== 0) spreadOut[t] = factor * slope;
    }
  });
  return spreadOut;
}

/** log(1 + exp(x)), without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}
