import { type Tensor } from '@tensorflow/tfjs';
import { type Shape } from '../graph/dim.js';
import { type Operation } from '../graph/graph.js';
import { causalAttention, causalAttentionGradients } from './causal-attention.js';
import { type Tensorflow } from './load-tensorflow.js';

/**
 * The graph's operations as TensorFlow.js calls. Kernels own nothing: each runs inside a tidy scope that frees what it
 * leaves over, and the caller keeps the results.
 *
 * Integers (token ids, index maps, sizes) stay on the host until a call needs them as a tensor: TensorFlow.js reads
 * every index back to check it, which would stall a GPU if the indices had been made there.
 */
export interface Integers {
  readonly shape: readonly number[];
  readonly data: Int32Array;
}

/** A node's inputs by index, and what its run knows. */
export interface KernelContext {
  readonly count: number;
  float(input: number): Tensor;
  integers(input: number): Integers;
  /** A symbolic shape in numbers. */
  resolve(shape: Shape): number[];
  /** A tensor made from these two things, kept until the end of the run; the same things give the same tensor. */
  once(of: Integers, and: Tensor, make: () => Tensor): Tensor;
}

type Attributes<Name extends Operation['op']> = Extract<Operation, { op: Name }>;

const REDUCTIONS = { reduceSum: 'sum', reduceMean: 'mean', reduceMax: 'max' } as const;

/** Results of one operation that makes floats. */
export function runKernel(tf: Tensorflow, operation: Operation, context: KernelContext): Tensor[] {
  switch (operation.op) {
    case 'split':
      return tf.split(context.float(0), [...context.integers(1).data], operation.axis);
    case 'after':
      return [tf.clone(context.float(0))];
    case 'causalAttention':
      return [
        causalAttention(
          tf,
          operation,
          [0, 1, 2].map((input) => context.float(input)),
        ),
      ];
    case 'causalAttentionGradients':
      return causalAttentionGradients(
        tf,
        operation,
        [0, 1, 2, 3, 4].map((input) => context.float(input)),
      );
    case 'rmsNorm':
      return rmsNorm(tf, operation.epsilon, context.float(0), context.float(1));
    case 'scatterRows':
      return [scatterRows(tf, context.float(0), context.integers(1), context.float(2))];
    default:
      return [single(tf, operation, context)];
  }
}

type SpecialOp = 'split' | 'after' | 'causalAttention' | 'causalAttentionGradients' | 'rmsNorm' | 'scatterRows';

function single(tf: Tensorflow, operation: Exclude<Operation, { op: SpecialOp }>, context: KernelContext): Tensor {
  const { op } = operation;
  switch (op) {
    case 'oneHot':
      return tf.oneHot(toTensor(tf, context.integers(0)), operation.depth, 1, 0, 'float32');
    case 'concat':
      return tf.concat(allInputs(context), operation.axis);
    default:
      break;
  }
  const x = context.float(0);
  switch (op) {
    case 'matmul':
      return matmul(tf, operation, x, context.float(1));
    case 'add':
    case 'sub':
    case 'mul':
    case 'minimum':
    case 'maximum':
      return tf[op](x, context.float(1));
    case 'greater':
      return tf.cast(tf.greater(x, context.float(1)), 'float32');
    case 'exp':
    case 'log':
    case 'sigmoid':
    case 'neg':
    case 'softmax':
      return tf[op](x);
    case 'reduceSum':
    case 'reduceMean':
    case 'reduceMax':
      return tf[REDUCTIONS[op]](x, operation.axis, true);
    case 'reshape':
      return tf.reshape(x, context.resolve(operation.shape));
    case 'transpose':
      return tf.transpose(x, [...operation.permutation]);
    case 'gatherRows':
      return gatherRows(tf, operation.zeroFill, x, context.integers(1));
    case 'identity':
      return tf.clone(x);
    case 'gatherLast':
      return gatherLast(tf, x, context.integers(1));
    case 'rope':
      return rope(tf, x, context);
    default:
      op satisfies never;
      throw new Error(`No kernel for operation '${String(op)}'.`);
  }
}

function allInputs(context: KernelContext): Tensor[] {
  return Array.from({ length: context.count }, (_, index) => context.float(index));
}

/** alpha multiplies whichever is smaller, the left factor or the product. */
function matmul(tf: Tensorflow, { transposeA, transposeB, alpha }: Attributes<'matmul'>, a: Tensor, b: Tensor): Tensor {
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  const inner = b.shape.at(transposeB ? -1 : -2)!;
  const scaleLeft = alpha !== 1 && inner < columns;
  const product = tf.matMul(scaleLeft ? tf.mul(a, alpha) : a, b, transposeA, transposeB);
  return alpha === 1 || scaleLeft ? product : tf.mul(product, alpha);
}

/** Index -1 reads a row of zeros joined at the end, or any row where the graph says that its value has no meaning. */
function gatherRows(tf: Tensorflow, zeroFill: boolean, x: Tensor, index: Integers): Tensor {
  if (!index.data.includes(-1)) return tf.gather(x, toTensor(tf, index));
  const rows = x.shape[0];
  const missing = zeroFill ? rows : 0;
  const data = index.data.map((row) => (row === -1 ? missing : row));
  const source = zeroFill ? tf.concat([x, tf.zeros([1, ...x.shape.slice(1)])], 0) : x;
  return tf.gather(source, toTensor(tf, { shape: index.shape, data }));
}

/** As one gather from the numbers of x end to end. */
function gatherLast(tf: Tensorflow, x: Tensor, { shape, data }: Integers): Tensor {
  const [depth, width] = [x.shape.at(-1)!, shape.at(-1)!];
  const flat = data.map((index, i) => Math.floor(i / width) * depth + index);
  return tf.gather(tf.reshape(x, [x.size]), toTensor(tf, { shape, data: flat }));
}

type At = (i: number) => number;

/** A gather that takes each position from the cache or from the rows joined at its end; no kernel writes in place. */
function scatterRows(tf: Tensorflow, cache: Tensor, index: Integers, rows: Tensor): Tensor {
  const [, channels, length, size] = cache.shape as [number, number, number, number];
  const count = cache.size / size;
  const from = Int32Array.from({ length: count }, (_, position) => position);
  const [row, channel, position] = [0, 1, 2].map((axis) => (i: number) => index.data[i * 3 + axis]!) as [At, At, At];
  for (let i = 0; i < index.data.length / 3; i++)
    from[(row(i) * channels + channel(i)) * length + position(i)] = count + i;
  const all = tf.concat([tf.reshape(cache, [-1, size]), tf.reshape(rows, [-1, size])], 0);
  return tf.reshape(tf.gather(all, toTensor(tf, { shape: [count], data: from })), cache.shape);
}

/**
 * With x = [x1, x2] halved along D: [x1 cos - x2 sin, x2 cos + x1 sin], the convention of Hugging Face's rotate_half.
 * Inputs x [B, heads, S, D], positions [B, S], cos and sin [M, D/2].
 */
function rope(tf: Tensorflow, x: Tensor, context: KernelContext): Tensor {
  const positions = context.integers(1);
  // [B, 1, S, D/2], shared by all heads of all layers.
  const [cos, sin] = [2, 3].map((input) => {
    const table = context.float(input);
    return context.once(positions, table, () => tf.expandDims(tf.gather(table, toTensor(tf, positions)), 1));
  }) as [Tensor, Tensor];
  const [first, second] = tf.split(x, 2, 3) as [Tensor, Tensor];
  return tf.concat(
    [tf.sub(tf.mul(first, cos), tf.mul(second, sin)), tf.add(tf.mul(second, cos), tf.mul(first, sin))],
    3,
  );
}

function rmsNorm(tf: Tensorflow, epsilon: number, x: Tensor, weight: Tensor): Tensor[] {
  const inverseRms = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon));
  return [tf.mul(tf.mul(x, inverseRms), weight), inverseRms];
}

function toTensor(tf: Tensorflow, { shape, data }: Integers): Tensor {
  return tf.tensor(data, [...shape], 'int32');
}

/** The parts of integers along an axis. */
export function splitIntegers({ shape, data }: Integers, sizes: readonly number[], axis: number): Integers[] {
  const outer = shape.slice(0, axis).reduce((product, size) => product * size, 1);
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const step = shape[axis]! * inner;
  let begin = 0;
  return sizes.map((size) => {
    const part = new Int32Array(outer * size * inner);
    for (let row = 0; row < outer; row++) {
      part.set(data.subarray(row * step + begin * inner, row * step + (begin + size) * inner), row * size * inner);
    }
    begin += size;
    return { shape: shape.with(axis, size), data: part };
  });
}
