import { product, type Dim } from './dim.js';
import { type Tensor } from './graph.js';
import { type Operations } from './operations.js';

/**
 * Parts of a transformer whose gradient as a whole is cheaper or more exact than that of their single operations. Each
 * records ordinary operations and replaces the gradient rule of its result.
 *
 * Legend of shapes: T tokens of the batch without padding, B sequences, S longest sequence, D head size.
 */

/** y = x / rms(x) * weight over the last axis (arXiv:1910.07467). */
export function rmsNorm(ops: Operations, x: Tensor, weight: Tensor, epsilon: number): Tensor {
  const { normed, inverseRms } = ops.rmsNorm(x, weight, epsilon);
  return ops.rule(normed, (gradient) => {
    // dx = dy w r - x r^2 mean(dy y), r = 1 / rms(x): no need for x / rms(x) on its own.
    const mean = ops.reduceMean(ops.mul(gradient, normed), -1);
    const along = ops.mul(x, ops.mul(mean, ops.mul(inverseRms, inverseRms)));
    return [{ of: x, gradient: ops.sub(ops.mul(ops.mul(gradient, weight), inverseRms), along) }];
  });
}

/** silu(gate) * up, the gated activation of the feed-forward block (arXiv:2002.05202). */
export function gatedSilu(ops: Operations, gate: Tensor, up: Tensor): Tensor {
  const sigmoid = ops.sigmoid(gate);
  const silu = ops.mul(gate, sigmoid);
  return ops.rule(ops.mul(silu, up), (gradient) => {
    // d silu / d gate = s + silu (1 - s) = s + silu - silu s
    const slope = ops.add(sigmoid, ops.sub(silu, ops.mul(silu, sigmoid)));
    return [
      { of: gate, gradient: ops.mul(ops.mul(gradient, up), slope) },
      { of: up, gradient: ops.mul(gradient, silu) },
    ].filter(({ of }) => of.trainable);
  });
}

/** Keys and values of earlier tokens, for decoding. */
export interface PastKeyValues {
  /** [B, kvHeads, P, D] */
  readonly keys: Tensor;
  readonly values: Tensor;
  /** [B, 1, 1, P], added to the scores: 0, or very negative where the place holds no token. */
  readonly mask: Tensor;
  /** Runtime sizes [P, S] by which joint scores are split again. */
  readonly sizes: Tensor;
}

/**
 * softmax(q k' / sqrt(D) + mask) v with grouped queries: query heads that share a key/value head are laid out as more
 * rows of one matrix, so keys and values are never repeated.
 *
 * @param query [B, heads, S, D], with heads = groups * kvHeads
 * @param keys [B, kvHeads, S, D]
 * @param values [B, kvHeads, S, D]
 * @param mask [S, S], added to the scores of the S new tokens among themselves
 * @returns [B, heads, S, D]
 */
export function attention(
  ops: Operations,
  query: Tensor,
  keys: Tensor,
  values: Tensor,
  mask: Tensor,
  past?: PastKeyValues,
): Tensor {
  const [batch, heads, length, headDim] = query.shape as [Dim, number, Dim, number];
  const kvHeads = keys.shape[1] as number;
  const rows = product(heads / kvHeads, length);
  const alpha = 1 / Math.sqrt(headDim);
  const grouped = ops.reshape(query, [batch, kvHeads, rows, headDim]);
  const raw = ops.matmul(grouped, keys, { transposeB: true, alpha });
  const masked = ops.add(ops.reshape(raw, [batch, heads, length, length]), mask);
  const scores = ops.reshape(masked, [batch, kvHeads, rows, length]);
  if (past) return ops.reshape(attendWithPast(ops, grouped, scores, values, past, alpha), query.shape);

  const weights = ops.softmax(scores);
  const context = ops.matmul(weights, values);
  const result = ops.reshape(context, query.shape);
  return ops.rule(result, (gradientOfResult) => {
    const gradient = ops.reshape(gradientOfResult, context.shape);
    const gradientOfValues = () => ops.matmul(weights, gradient, { transposeA: true });
    // sum_j p_j dp_j = sum_d dctx_d ctx_d: one row sum over D in place of one over S.
    const inner = ops.reduceSum(ops.mul(gradient, context), -1);
    const gradientOfScores = ops.mul(weights, ops.sub(ops.matmul(gradient, values, { transposeB: true }), inner));
    const gradientOfQuery = () => ops.reshape(ops.matmul(gradientOfScores, keys, { alpha }), query.shape);
    const gradientOfKeys = () => ops.matmul(gradientOfScores, grouped, { transposeA: true, alpha });
    return [
      ...(values.trainable ? [{ of: values, gradient: gradientOfValues() }] : []),
      ...(query.trainable ? [{ of: query, gradient: gradientOfQuery() }] : []),
      ...(keys.trainable ? [{ of: keys, gradient: gradientOfKeys() }] : []),
    ];
  });
}

/** Scores against cached and new keys share one softmax; the cache is read where it lies, never joined with the new. */
function attendWithPast(
  ops: Operations,
  query: Tensor,
  scores: Tensor,
  values: Tensor,
  past: PastKeyValues,
  alpha: number,
): Tensor {
  const pastScores = ops.add(ops.matmul(query, past.keys, { transposeB: true, alpha }), past.mask);
  const weights = ops.softmax(ops.concat([pastScores, scores], 3, 'P+S'));
  const dims = [past.keys.shape[2]!, scores.shape[3]!];
  const [pastWeights, newWeights] = ops.split(weights, 3, past.sizes, dims);
  return ops.add(ops.matmul(newWeights!, values), ops.matmul(pastWeights!, past.values));
}

/** log sum exp over the last axis = max logit - log max p: it reuses a softmax that is there already. */
export function logSumExp(ops: Operations, logits: Tensor, probabilities: Tensor): Tensor {
  return ops.sub(ops.reduceMax(logits, -1), ops.log(ops.reduceMax(probabilities, -1)));
}
