import { type Tensor, type Tensor4D } from '@tensorflow/tfjs';
import { type Tensorflow } from './load-tensorflow.js';

/** Added to scores of positions that must not be seen; exp of it is exactly 0. */
const MASKED = -1e9;

interface Options {
  readonly alpha: number;
  /** Positions of queries that are computed at a time. */
  readonly block: number;
}

/** See Operations.causalAttention(). */
export function causalAttention(tf: Tensorflow, options: Options, inputs: readonly Tensor[]): Tensor {
  const blocks = new Blocks(tf, options, inputs);
  const parts = blocks.map((block) => [tf.matMul(blocks.weights(block), blocks.seen(inputs[2]!, block))]);
  return tf.concat(
    parts.map(([context]) => context!),
    2,
  );
}

/**
 * Gradients of queries, keys and values.
 * @param inputs query, keys, values, the result of the attention, and its gradient
 */
export function causalAttentionGradients(tf: Tensorflow, options: Options, inputs: readonly Tensor[]): Tensor[] {
  const [query, keys, values, context, gradient] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const blocks = new Blocks(tf, options, inputs);
  const parts = blocks.map((block) => {
    const weights = blocks.weights(block);
    const own = blocks.own(gradient, block);
    const inner = tf.sum(tf.mul(own, blocks.own(context, block)), -1, true);
    const ofWeights = tf.matMul(own, blocks.seen(values, block), false, true);
    const ofScores = tf.mul(tf.mul(weights, tf.sub(ofWeights, inner)), options.alpha);
    return [
      tf.matMul(ofScores, blocks.seen(keys, block)),
      blocks.unseen(tf.matMul(ofScores, blocks.own(query, block), true), block),
      blocks.unseen(tf.matMul(weights, own, true), block),
    ];
  });
  const ofQuery = tf.concat(
    parts.map(([part]) => part!),
    2,
  );
  return [
    ofQuery,
    ...[1, 2].map((index) => parts.map((part) => part[index]!).reduce((sum, part) => tf.add(sum, part))),
  ];
}

/** Blocks of queries, by number, and what each of them reads. */
class Blocks {
  private readonly length: number;
  private readonly groups: number;
  private readonly mask: Tensor;

  constructor(
    private readonly tf: Tensorflow,
    private readonly options: Options,
    private readonly inputs: readonly Tensor[],
  ) {
    const { block } = options;
    this.length = inputs[1]!.shape[2]!;
    this.groups = inputs[0]!.shape[2]! / this.length;
    const rows = block * this.groups;
    const own = new Float32Array(rows * block);
    for (let row = 0; row < rows; row++) {
      own.fill(MASKED, row * block + Math.floor(row / this.groups) + 1, (row + 1) * block);
    }
    this.mask = tf.tensor(own, [rows, block], 'float32');
  }

  /** Frees what a block leaves over before the next begins. */
  map(compute: (block: number) => Tensor[]): Tensor[][] {
    const count = this.length / this.options.block;
    return Array.from({ length: count }, (_, block) => this.tf.tidy(() => compute(block)));
  }

  /** Probabilities over the keys that the block's rows may see. */
  weights(block: number): Tensor {
    const { tf } = this;
    const [query, keys] = this.inputs as [Tensor, Tensor];
    const scaled = tf.mul(this.own(query, block), this.options.alpha);
    const scores = tf.matMul(scaled, this.seen(keys, block), false, true);
    const mask = tf.pad(this.mask, [
      [0, 0],
      [block * this.options.block, 0],
    ]);
    return tf.softmax(tf.add(scores, mask));
  }

  /** The block's rows. */
  own(x: Tensor, block: number): Tensor {
    const rows = this.options.block * this.groups;
    return this.tf.slice(x as Tensor4D, [0, 0, block * rows, 0], [-1, -1, rows, -1]);
  }

  /** The keys or values up to the end of the block. */
  seen(x: Tensor, block: number): Tensor {
    return this.tf.slice(x as Tensor4D, [0, 0, 0, 0], [-1, -1, (block + 1) * this.options.block, -1]);
  }

  /** With zeros for the keys that the block does not see. */
  unseen(x: Tensor, block: number): Tensor {
    const after = this.length - (block + 1) * this.options.block;
    return this.tf.pad(x, [
      [0, 0],
      [0, 0],
      [0, after],
      [0, 0],
    ]);
  }
}
