import { logSumExp } from './composites.js';
import { type Dim } from './dim.js';
import { type Tensor } from './graph.js';
import { type Operations } from './operations.js';

/*
 * The end of a model: log p(label) of scored rows. Legend of shapes: N scored rows, K targets per row, V vocabulary,
 * H hidden size, r rank of the output projection's LoRA.
 */

/** LoRA on the output projection: logits gain (projected) up'. */
export interface HeadLora {
  /** [N, r], scaled hidden rows times A'. */
  readonly projected: Tensor;
  /** B [V, r] */
  readonly up: Tensor;
}

export interface HeadInputs {
  /** [N, H] */
  readonly hidden: Tensor;
  /** The output projection, [V, H]. */
  readonly weight: Tensor;
  /** i32 [N, K] */
  readonly labels: Tensor;
  /** i64 [4], how many rows each chunk takes; some may take none. */
  readonly chunkSizes: Tensor;
  readonly lora: HeadLora | null;
}

/** Rows of the chunks, by symbol. */
const CHUNKS: readonly Dim[] = ['N0', 'N1', 'N2', 'N3'];

/**
 * log p(label) without a one-hot or a stored log-softmax: with P = softmax(logits), the gradient of row n is
 * sum_k c_nk W[label_nk] - (sum_k c_nk) P_n W. P_n W does not depend on the loss, so it is computed chunk by chunk beside
 * the log-probs, and nothing of vocabulary size outlives its chunk; but a LoRA on the projection needs P again for the
 * gradient of `up`.
 *
 * @returns logprobs [N, K]
 */
export function labelLogprobs(ops: Operations, inputs: HeadInputs): Tensor {
  const { hidden, weight, labels, lora } = inputs;
  const rows = labels.shape[0]!;
  const chunks = vocabularyChunks(ops, inputs);
  const join = (parts: readonly Tensor[]) => ops.concat(parts, 0, rows);
  const labelRows = ops.gatherRows(weight, labels);
  let labelLogits = dotRows(ops, hidden, labelRows);
  if (lora) labelLogits = ops.add(labelLogits, dotRows(ops, lora.projected, ops.gatherRows(lora.up, labels)));
  const logprobs = ops.sub(labelLogits, join(chunks.map(({ logSum }) => logSum)));

  const expected = join(chunks.map((chunk) => chunk.expected));
  const expectedUp = lora && join(chunks.map(({ probabilities }) => ops.matmul(probabilities, lora.up)));
  return ops.rule(logprobs, (coefficients) => {
    const total = ops.reduceSum(coefficients, -1);
    const backward = (labelVectors: Tensor, mean: Tensor) =>
      ops.sub(sumTargets(ops, coefficients, labelVectors), ops.mul(total, mean));
    const ofHidden = hidden.trainable ? [{ of: hidden, gradient: backward(labelRows, expected) }] : [];
    if (!lora) return ofHidden;
    return [
      ...ofHidden,
      { of: lora.projected, gradient: backward(ops.gatherRows(lora.up, labels), expectedUp!) },
      { of: lora.up, gradient: gradientOfUp(ops, inputs, chunks, coefficients) },
    ];
  });
}

interface VocabularyChunk {
  /** P [n, V] */
  readonly probabilities: Tensor;
  /** [n, 1] */
  readonly logSum: Tensor;
  /** P W [n, H] */
  readonly expected: Tensor;
  /** The chunk's rows of HeadLora.projected, [n, r]. */
  readonly projected: Tensor | null;
}

function vocabularyChunks(ops: Operations, { hidden, weight, chunkSizes, lora }: HeadInputs): VocabularyChunk[] {
  const projectedChunks = lora && ops.split(lora.projected, 0, chunkSizes, CHUNKS);
  return ops.split(hidden, 0, chunkSizes, CHUNKS).map((chunk, i) => {
    const base = ops.matmul(chunk, weight, { transposeB: true });
    const projected = projectedChunks ? projectedChunks[i]! : null;
    const logits = projected ? ops.add(ops.matmul(projected, lora!.up, { transposeB: true }), base) : base;
    const probabilities = ops.softmax(logits);
    const logSum = logSumExp(ops, logits, probabilities);
    return { probabilities, logSum, expected: ops.matmul(probabilities, weight), projected };
  });
}

/** dB = (c onehot(label) - total P)' projected, summed over the chunks, [V, r]. */
function gradientOfUp(
  ops: Operations,
  { labels, weight, chunkSizes }: HeadInputs,
  chunks: readonly VocabularyChunk[],
  coefficients: Tensor,
): Tensor {
  const [rows, targets] = labels.shape as [Dim, Dim];
  const vocabulary = weight.shape[0] as number;
  const split = (x: Tensor) => ops.split(x, 0, chunkSizes, CHUNKS);
  const labelChunks = split(labels);
  // Shaped before the split: a chunk may be empty, and an empty tensor's sizes cannot be inferred.
  const coefficientChunks = split(ops.reshape(coefficients, [rows, 1, targets]));
  const totalChunks = split(ops.reduceSum(coefficients, -1));
  return chunks
    .map(({ probabilities, projected }, i) => {
      const summed = ops.matmul(coefficientChunks[i]!, ops.oneHot(labelChunks[i]!, vocabulary));
      const hot = ops.reshape(summed, probabilities.shape);
      const ofLogits = ops.sub(hot, ops.mul(totalChunks[i]!, probabilities));
      return ops.matmul(ofLogits, projected!, { transposeA: true });
    })
    .reduce((sum, part) => ops.add(part, sum));
}

/** x [N, H] . y [N, K, H] -> [N, K] */
function dotRows(ops: Operations, x: Tensor, y: Tensor): Tensor {
  const [rows, targets, size] = y.shape as [Dim, Dim, Dim];
  const products = ops.mul(ops.reshape(x, [rows, 1, size]), y);
  return ops.reshape(ops.reduceSum(products, -1), [rows, targets]);
}

/** sum_k c[N, K] y[N, K, H] -> [N, H] */
function sumTargets(ops: Operations, c: Tensor, y: Tensor): Tensor {
  const [rows, targets, size] = y.shape as [Dim, Dim, Dim];
  const weighted = ops.mul(ops.reshape(c, [rows, targets, 1]), y);
  return ops.reshape(ops.reduceSum(weighted, 1), [rows, size]);
}
