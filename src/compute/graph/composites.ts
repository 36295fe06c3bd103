import { type Dim, factorsOf, product } from './dim.js';
import { type Tensor } from './graph.js';
import { once, type Operations } from './operations.js';

/**
 * Parts of a transformer whose gradient as a whole is cheaper or more exact than that of their single operations. Each
 * records ordinary operations and replaces the gradient rule of its result.
 *
 * Legend of shapes: T tokens of the batch without padding, B sequences, S longest sequence, D head size.
 */

/** y = x / rms(x) * weight over the last axis (arXiv:1910.07467). */
export function rmsNorm(ops: Operations, x: Tensor, weight: Tensor, epsilon: number): Tensor {
  const { normed, inverseRms } = ops.rmsNorm(x, weight, epsilon);
  if (x.trainable) normed.again = once((after) => ops.rmsNorm(ops.after(x, after), weight, epsilon).normed);
  return ops.rule(normed, (gradient) => {
    // dx = dy w r - x r^3 mean(dy w x), r = 1 / rms(x): y = x r w need not be kept.
    const weighted = ops.mul(gradient, weight);
    const mean = ops.reduceMean(ops.mul(weighted, x), -1);
    const cube = ops.mul(inverseRms, ops.mul(inverseRms, inverseRms));
    return [{ of: x, gradient: ops.sub(ops.mul(weighted, inverseRms), ops.mul(x, ops.mul(mean, cube))) }];
  });
}

/**
 * silu(gate) * up, the gated activation of the feed-forward block (arXiv:2002.05202). The backward computes the sigmoid
 * again, which is faster than to read two more tensors of that size from memory.
 */
export function gatedSilu(ops: Operations, gate: Tensor, up: Tensor): Tensor {
  return ops.rule(ops.mul(ops.mul(gate, ops.sigmoid(gate)), up), (gradient) => {
    const again = ops.after(gate, gradient);
    const sigmoid = ops.sigmoid(again);
    const silu = ops.mul(again, sigmoid);
    // d silu / d gate = s + silu (1 - s) = s + silu - silu s
    const slope = ops.add(sigmoid, ops.sub(silu, ops.mul(silu, sigmoid)));
    return [
      { of: gate, gradient: ops.mul(ops.mul(gradient, up), slope) },
      { of: up, gradient: ops.mul(gradient, silu) },
    ].filter(({ of }) => of.trainable);
  });
}

/**
 * What `record` makes of x, of which only x is kept for the backward: when a gradient has come down to the result, all
 * of it is recorded again, to be computed then. The numbers are the same, so gradients are too, to the bit.
 */
export function recomputed(ops: Operations, x: Tensor, record: (x: Tensor) => Tensor): Tensor {
  return ops.rule(record(x), (gradient) => [{ of: record(ops.after(x, gradient)), gradient }]);
}

/**
 * softmax(q k' / sqrt(D) + mask) v with grouped queries: the G query heads that share a key/value head are more rows of one
 * matrix, so keys and values are never repeated. Row s * G + g is position s of the group's head g: what pads a sequence
 * comes last in every sum, over queries as over keys, and zeros at the end of a sum do not change a bit of it.
 *
 * @param query [B, kvHeads, S * G, D]
 * @param keys [B, kvHeads, P, D]; of the same tokens (P = S), or of a cache that holds them
 * @param values [B, kvHeads, P, D]
 * @param mask [S, 1, P] or [B, 1, S, 1, P], added to the scores
 * @returns [B, kvHeads, S * G, D]
 */
export function attention(ops: Operations, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor): Tensor {
  const [batch, kvHeads, keyCount, headDim] = keys.shape as [Dim, number, Dim, number];
  const length = mask.shape.at(-3)!;
  const groups = rowsPerPosition(query.shape[2]!, length);
  const alpha = 1 / Math.sqrt(headDim);
  const raw = ops.matmul(query, keys, { transposeB: true, alpha });
  const masked = ops.add(ops.reshape(raw, [batch, kvHeads, length, groups, keyCount]), mask);
  const scores = ops.reshape(masked, raw.shape);
  const weights = ops.softmax(scores);
  const context = ops.matmul(weights, values);
  return ops.rule(context, (gradient) => {
    const gradientOfValues = () => ops.matmul(weights, gradient, { transposeA: true });
    // sum_j p_j dp_j = sum_d dctx_d ctx_d: one row sum over D instead of one over S.
    const inner = ops.reduceSum(ops.mul(gradient, context), -1);
    const gradientOfScores = ops.mul(weights, ops.sub(ops.matmul(gradient, values, { transposeB: true }), inner));
    const gradientOfQuery = () => ops.matmul(gradientOfScores, keys, { alpha });
    const gradientOfKeys = () => ops.matmul(gradientOfScores, query, { transposeA: true, alpha });
    return [
      ...(values.trainable ? [{ of: values, gradient: gradientOfValues() }] : []),
      ...(query.trainable ? [{ of: query, gradient: gradientOfQuery() }] : []),
      ...(keys.trainable ? [{ of: keys, gradient: gradientOfKeys() }] : []),
    ];
  });
}

function rowsPerPosition(rows: Dim, length: Dim): number {
  const groups = factorsOf(rows).factor / factorsOf(length).factor;
  if (product(groups, length) !== rows) throw new Error(`${rows} rows of queries do not fit ${length} positions.`);
  return groups;
}

/**
 * What each of the two products of a LoRA is multiplied by, and its scale makes up for: no bit is lost by a power of two.
 *
 * It is not 1: on a CPU a single row times a matrix that is fed, not multiplied by anything, takes a kernel of its own,
 * whose sums round otherwise than those of several rows. It is negative: where A, B or the scale is zero, a sum of zeros,
 * which is +0, becomes -0, the only number that changes no bit of what it is added to (-0 + +0 is +0). So a row without a
 * LoRA may go through those of others.
 */
export const LORA_ALPHA = -0.5;

/** LORA_ALPHA x y', y being A or B of a LoRA. */
export function loraProduct(ops: Operations, x: Tensor, y: Tensor): Tensor {
  return ops.matmul(x, y, { transposeB: true, alpha: LORA_ALPHA });
}

/** log sum exp over the last axis = max logit - log max p: it reuses a softmax that is there already. */
export function logSumExp(ops: Operations, logits: Tensor, probabilities: Tensor): Tensor {
  return ops.sub(ops.reduceMax(logits, -1), ops.log(ops.reduceMax(probabilities, -1)));
}
