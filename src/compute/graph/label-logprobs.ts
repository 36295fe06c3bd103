import { LORA_ALPHA, logSumExp, loraProduct } from './composites.js';
import { type Dim, product } from './dim.js';
import { type Tensor } from './graph.js';
import { type Operations } from './operations.js';

/*
 * The end of a model: log p(label) of scored rows. Legend of shapes: N scored rows, n those of one chunk, K targets per
 * row, V vocabulary, H hidden size, r rank of the output projection's LoRA; A adapters with Q rows each in a chunk.
 */

/** LoRA on the output projection: logits gain loraProduct(projected, up). */
export interface HeadLora {
  /** [N, r], from the hidden rows and A. */
  readonly projected: Tensor;
  /** B [V, r]; of several adapters [A, V, r] */
  readonly up: Tensor;
}

export interface HeadInputs {
  /** [N, H] */
  readonly hidden: Tensor;
  /** The output projection, [V, H]. */
  readonly weight: Tensor;
  /**
   * i32 [n, K] of each chunk, some of which may have no rows. With a LoRA of several adapters [A, Q, K]: the rows of a
   * chunk lie adapter by adapter, equally many of each, so that sums over an adapter's rows begin with its first.
   */
  readonly labels: readonly Tensor[];
  /** i64 [chunks], how many rows each takes. */
  readonly chunkSizes: Tensor;
  /** The symbol of N. */
  readonly rows: Dim;
  readonly lora: HeadLora | null;
}

/**
 * log p(label) without a stored log-softmax: the label's logit, as the product gives it, less log sum exp. With
 * P = softmax(logits), the gradient of row n is sum_k c_nk W[label_nk] - (sum_k c_nk) P_n W. P_n W does not depend on the
 * loss, so it is computed chunk by chunk beside the log-probs, and nothing of vocabulary size outlives its chunk; but a
 * LoRA on the projection needs P again for the gradients of `projected` and `up`.
 *
 * @returns logprobs [N, K]
 */
export function labelLogprobs(ops: Operations, inputs: HeadInputs): Tensor {
  const { hidden, rows, lora } = inputs;
  const chunks = vocabularyChunks(ops, inputs);
  const join = (parts: readonly Tensor[]) => ops.concat(parts, 0, rows);
  const logprobs = join(chunks.map((chunk) => chunk.logprobs));
  const expected = join(chunks.map((chunk) => chunk.expected));
  return ops.rule(logprobs, (coefficients) => {
    const perChunk = coefficientChunks(ops, inputs, coefficients);
    const ofHidden = () => {
      const ofLabels = join(chunks.map((chunk, i) => labelVectors(ops, inputs, chunk, perChunk[i]!)));
      return ops.sub(ofLabels, ops.mul(ops.reduceSum(coefficients, -1), expected));
    };
    const toHidden = hidden.trainable ? [{ of: hidden, gradient: ofHidden() }] : [];
    if (!lora) return toHidden;
    const parts = chunks.map((chunk, i) => gradientsOfLora(ops, lora, chunk, perChunk[i]!));
    return [
      ...toHidden,
      { of: lora.projected, gradient: join(parts.map(({ projected }) => projected)) },
      { of: lora.up, gradient: parts.map(({ up }) => up).reduce((sum, part) => ops.add(part, sum)) },
    ];
  });
}

interface VocabularyChunk {
  /** Sizes before the last of what belongs to the chunk: [n], or with several adapters [A, Q]. */
  readonly lead: readonly Dim[];
  readonly labels: Tensor;
  /** [n, K] */
  readonly logprobs: Tensor;
  /** P [n, V] */
  readonly probabilities: Tensor;
  /** P W [n, H] */
  readonly expected: Tensor;
  /** The chunk's rows of HeadLora.projected, [...lead, r]. */
  readonly projected: Tensor | null;
}

function vocabularyChunks(ops: Operations, inputs: HeadInputs): VocabularyChunk[] {
  const { hidden, weight, labels, chunkSizes, lora } = inputs;
  const leads = labels.map(({ shape }) => shape.slice(0, -1));
  const sizes = leads.map((lead) => product(...lead));
  const projectedChunks = lora && ops.split(lora.projected, 0, chunkSizes, sizes);
  let before: readonly Tensor[] = [];
  return ops.split(hidden, 0, chunkSizes, sizes).map((split, i) => {
    const lead = leads[i]!;
    // An executor may otherwise begin all chunks before it ends the first, and hold the probabilities of each.
    const chunk = before.reduce((rows, result) => ops.after(rows, result), split);
    const base = ops.matmul(chunk, weight, { transposeB: true });
    const projected = projectedChunks && ops.reshape(projectedChunks[i]!, [...lead, lora.projected.shape[1]!]);
    const added = projected && ops.reshape(loraProduct(ops, projected, lora.up), base.shape);
    const logits = added ? ops.add(added, base) : base;
    const probabilities = ops.softmax(logits);
    const targets = labels[i]!.shape.at(-1)!;
    const labelLogits = ops.gatherLast(ops.reshape(logits, [...lead, weight.shape[0]!]), labels[i]!);
    const logprobs = ops.sub(ops.reshape(labelLogits, [sizes[i]!, targets]), logSumExp(ops, logits, probabilities));
    const expected = ops.matmul(probabilities, weight);
    before = hidden.trainable ? [logprobs, expected] : [logprobs];
    return { lead, labels: labels[i]!, logprobs, probabilities, expected, projected };
  });
}

/** The coefficients of a chunk, [n, 1, K]. */
function coefficientChunks(ops: Operations, { labels, chunkSizes }: HeadInputs, coefficients: Tensor) {
  const [rows, targets] = coefficients.shape as [Dim, Dim];
  const sizes = labels.map(({ shape }) => product(...shape.slice(0, -1)));
  // Shaped before the split: a chunk may be empty, and an empty tensor's sizes cannot be inferred.
  return ops.split(ops.reshape(coefficients, [rows, 1, targets]), 0, chunkSizes, sizes);
}

/** sum_k c_nk W[label_nk], [n, H] */
function labelVectors(
  ops: Operations,
  { weight }: HeadInputs,
  { labels, expected }: VocabularyChunk,
  c: Tensor,
): Tensor {
  const [rows, , targets] = c.shape as [Dim, Dim, Dim];
  const vectors = ops.reshape(ops.gatherRows(weight, labels), [rows, targets, weight.shape[1]!]);
  return ops.reshape(ops.matmul(c, vectors), expected.shape);
}

/** Of `projected` [n, r] and of `up`, through the gradient of the logits, c onehot(label) - total P. */
function gradientsOfLora(ops: Operations, { up }: HeadLora, chunk: VocabularyChunk, coefficients: Tensor) {
  const { lead, labels, probabilities } = chunk;
  const [rows, vocabulary] = probabilities.shape as [Dim, number];
  const hot = ops.reshape(ops.oneHot(labels, vocabulary), [rows, coefficients.shape[2]!, vocabulary]);
  const ofLabels = ops.reshape(ops.matmul(coefficients, hot), probabilities.shape);
  const total = ops.reshape(ops.reduceSum(coefficients, -1), [rows, 1]);
  const ofLogits = ops.reshape(ops.sub(ofLabels, ops.mul(total, probabilities)), [...lead, vocabulary]);
  return {
    projected: ops.reshape(ops.matmul(ofLogits, up, { alpha: LORA_ALPHA }), [rows, up.shape.at(-1)!]),
    up: ops.matmul(ofLogits, chunk.projected!, { transposeA: true, alpha: LORA_ALPHA }),
  };
}
