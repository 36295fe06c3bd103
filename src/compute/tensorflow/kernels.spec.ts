import { beforeAll, describe, expect, it } from 'vitest';
import { type Shape } from '../graph/dim.js';
import { Graph, type Tensor } from '../graph/graph.js';
import { Operations } from '../graph/operations.js';
import { extractProgram, type HostData, type HostTensor, hostTensor } from '../graph/program.js';
import { splitIntegers } from './kernels.js';
import { loadTensorflow } from './load-tensorflow.js';
import { TensorflowExecutor } from './tensorflow-executor.js';

let executor: TensorflowExecutor;
beforeAll(async () => {
  executor = new TensorflowExecutor(await loadTensorflow({ device: 'cpu', bindings: ['@tensorflow/tfjs'] }));
});

const NO_WEIGHTS = { path: 'none', tensors: new Map(), parameterCount: 0 };

interface Fed {
  readonly symbols: Shape;
  readonly value: HostTensor;
}

const f32 = (data: readonly number[], shape: readonly number[], symbols: Shape = shape) =>
  fed(Float32Array.from(data), shape, symbols);
const i32 = (data: readonly number[], shape: readonly number[], symbols: Shape = shape) =>
  fed(Int32Array.from(data), shape, symbols);
const i64 = (data: readonly number[], shape: readonly number[], symbols: Shape = shape) =>
  fed(BigInt64Array.from(data, BigInt), shape, symbols);
function fed(data: HostData, shape: readonly number[], symbols: Shape): Fed {
  return { symbols, value: hostTensor(data, shape) };
}

/** Records one operation on these inputs and runs it; the results as arrays of numbers. */
async function run(
  inputs: readonly Fed[],
  record: (ops: Operations, ...inputs: Tensor[]) => Tensor | readonly Tensor[],
): Promise<{ shape: readonly number[]; data: number[] }[]> {
  const graph = new Graph();
  const tensors = inputs.map(({ symbols, value }, i) => graph.input(`x${i}`, value.dtype, symbols));
  const made = [record(new Operations(graph), ...tensors)].flat();
  const outputs = new Map(made.map((tensor, i) => [`y${i}`, tensor]));
  const program = await executor.compile('test', extractProgram(outputs), NO_WEIGHTS);
  const results = await program.run(new Map(inputs.map(({ value }, i) => [`x${i}`, value])));
  await program.release();
  return made.map((_, i) => {
    const { shape, data } = results.get(`y${i}`)!;
    return { shape, data: [...data] };
  });
}

/** float32 functions of one argument are right to their last digits. */
const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 6) as number);

describe('causalAttention', () => {
  // Scores of 0, so that a position takes the mean of what it sees; two query heads, blocks of one position.
  const query = f32([0, 0, 0, 0], [1, 1, 4, 1], ['B', 1, '2*S', 1]);
  const keys = f32([1, 2], [1, 1, 2, 1], ['B', 1, 'S', 1]);
  const values = f32([2, 6], [1, 1, 2, 1], ['B', 1, 'S', 1]);
  const options = { alpha: 0.5, block: 1 };

  it('takes only what a position may see', async () => {
    expect(await run([query, keys, values], (ops, q, k, v) => ops.causalAttention(q, k, v, options))).toEqual([
      { shape: [1, 1, 4, 1], data: [2, 2, 4, 4] },
    ]);
  });

  it('gives gradients to queries, keys and values', async () => {
    const gradient = f32([1, 0, 2, 4], [1, 1, 4, 1], ['B', 1, '2*S', 1]);
    const results = await run([query, keys, values, gradient], (ops, q, k, v, g) => {
      const context = ops.causalAttention(q, k, v, options);
      const operation = { op: 'causalAttentionGradients', ...options } as const;
      return ops.graph.node(operation, [q, k, v, context, g], [q.shape, k.shape, v.shape]);
    });
    // p = 1/2 each, dp = g v, ds = p (dp - sum p dp) = -+ g; dq = alpha ds k, dk = alpha ds q = 0, dv = p g
    expect(results.map(({ data }) => data)).toEqual([
      [0, 0, 1, 2],
      [0, 0],
      [1 + 3, 3],
    ]);
  });
});

describe('matmul', () => {
  const a = f32([1, 2, 3, 4, 5, 6], [2, 3]);
  it('multiplies and scales', async () => {
    const b = f32([1, 0, 0, 1, 1, 1], [3, 2]);
    expect(await run([a, b], (ops, x, y) => ops.matmul(x, y, { alpha: 0.5 }))).toEqual([
      { shape: [2, 2], data: [2, 2.5, 5, 5.5] },
    ]);
  });

  it('scales the left factor where that is smaller', async () => {
    const b = f32([1, 2, 3], [1, 3]);
    const column = f32([2, 4], [2, 1]);
    expect(await run([column, b], (ops, x, y) => ops.matmul(x, y, { alpha: 0.5 }))).toEqual([
      { shape: [2, 3], data: [1, 2, 3, 2, 4, 6] },
    ]);
  });

  it('transposes either side', async () => {
    const rows = f32([1, 1, 1, 0, 0, 2], [2, 3]);
    expect(await run([a, rows], (ops, x, y) => ops.matmul(x, y, { transposeB: true }))).toEqual([
      { shape: [2, 2], data: [6, 6, 15, 12] },
    ]);
    expect(await run([a, rows], (ops, x, y) => ops.matmul(x, y, { transposeA: true }))).toEqual([
      { shape: [3, 3], data: [1, 1, 9, 2, 2, 12, 3, 3, 15] },
    ]);
  });

  it('keeps batch axes, and repeats a right factor without any', async () => {
    const x = f32([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 1, 2]);
    const y = f32([1, 1, 2, 1, 0, 1, 1, 0], [2, 2, 1, 2]);
    expect(await run([x, y], (ops, p, q) => ops.matmul(p, q, { transposeB: true }))).toEqual([
      { shape: [2, 2, 1, 1], data: [3, 10, 6, 7] },
    ]);
    const flat = f32([1, 10], [2, 1]);
    expect(await run([x, flat], (ops, p, q) => ops.matmul(p, q))).toEqual([
      { shape: [2, 2, 1, 1], data: [21, 43, 65, 87] },
    ]);
  });

  it('gives zeros for an empty inner axis and nothing for an empty batch', async () => {
    const x = f32([], [1, 2, 0], [1, 2, 'P']);
    const y = f32([], [1, 0, 2], [1, 'P', 2]);
    expect(await run([x, y], (ops, p, q) => ops.matmul(p, q))).toEqual([{ shape: [1, 2, 2], data: [0, 0, 0, 0] }]);
    expect(await run([y, x], (ops, p, q) => ops.matmul(p, q))).toEqual([{ shape: [1, 0, 0], data: [] }]);
  });
});

describe('elementwise', () => {
  const x = f32([1, -2, 3, 0.5], [2, 2]);
  const row = f32([2, 0.5], [2]);

  it('broadcasts', async () => {
    const results = await run([x, row], (ops, p, q) => [
      ops.add(p, q),
      ops.sub(p, q),
      ops.mul(p, q),
      ops.minimum(p, q),
      ops.maximum(p, q),
      ops.greater(p, q),
      ops.neg(p),
    ]);
    expect(results.map(({ data }) => data)).toEqual([
      [3, -1.5, 5, 1],
      [-1, -2.5, 1, 0],
      [2, -1, 6, 0.25],
      [1, -2, 2, 0.5],
      [2, 0.5, 3, 0.5],
      [0, 0, 1, 0],
      [-1, 2, -3, -0.5],
    ]);
  });

  it('knows exp, log and sigmoid', async () => {
    const positive = f32([1, 4, 0.25], [3]);
    const results = await run([positive], (ops, p) => [ops.exp(p), ops.log(p), ops.sigmoid(p)]);
    expect(results.map(({ data }) => data)).toEqual([
      close([Math.E, Math.exp(4), Math.exp(0.25)]).with(1, expect.closeTo(Math.exp(4), 4) as number),
      close([0, Math.log(4), Math.log(0.25)]),
      close([1 / (1 + Math.exp(-1)), 1 / (1 + Math.exp(-4)), 1 / (1 + Math.exp(-0.25))]),
    ]);
  });

  it('multiplies by a constant of the graph', async () => {
    expect(await run([x], (ops, p) => ops.scale(p, -3))).toEqual([{ shape: [2, 2], data: [-3, 6, -9, -1.5] }]);
  });
});

describe('softmax and reductions', () => {
  it('normalises the last axis, whatever the size of its numbers', async () => {
    const x = f32([1000, 1000, 0, Math.log(3)], [2, 2]);
    expect(await run([x], (ops, p) => ops.softmax(p))).toEqual([
      { shape: [2, 2], data: close([0.5, 0.5, 0.25, 0.75]) },
    ]);
  });

  it('keeps the reduced axis', async () => {
    const x = f32([1, 2, 3, 4, 5, 9], [1, 2, 3]);
    const results = await run([x], (ops, p) => [ops.reduceSum(p, 1), ops.reduceMean(p, -1), ops.reduceMax(p, -1)]);
    expect(results).toEqual([
      { shape: [1, 1, 3], data: [5, 7, 12] },
      { shape: [1, 2, 1], data: [2, 6] },
      { shape: [1, 2, 1], data: [3, 9] },
    ]);
  });
});

describe('layout', () => {
  const x = f32([0, 1, 2, 3, 4, 5], [3, 2], ['B*S', 2]);
  const sizes = f32([0, 0, 0], [1, 3], ['B', 'S']);

  it('reshapes and transposes with sizes known at run time', async () => {
    const results = await run([x, sizes], (ops, p, q) => {
      const split = ops.reshape(p, ['B', 'S', 2]);
      return [split, ops.add(ops.transpose(split, [2, 0, 1]), q)];
    });
    expect(results).toEqual([
      { shape: [1, 3, 2], data: [0, 1, 2, 3, 4, 5] },
      { shape: [2, 1, 3], data: [0, 2, 4, 1, 3, 5] },
    ]);
  });

  it('splits at sizes that are fed, and learns symbols from the parts', async () => {
    const results = await run([x, i64([1, 2], [2])], (ops, p, at) => {
      const [first, second] = ops.split(p, 0, at, ['N0', 'N1']);
      return [first!, ops.reshape(second!, ['N1', 1, 2]), ops.concat([second!, first!], 0, 'B*S')];
    });
    expect(results).toEqual([
      { shape: [1, 2], data: [0, 1] },
      { shape: [2, 1, 2], data: [2, 3, 4, 5] },
      { shape: [3, 2], data: [2, 3, 4, 5, 0, 1] },
    ]);
  });

  it('splits and joins empty parts', async () => {
    const wide = f32([1, 2, 3], [1, 3], [1, 'P+S']);
    const results = await run([wide, i64([0, 3], [2])], (ops, p, at) => {
      const [first, second] = ops.split(p, 1, at, ['P', 'S']);
      return [first!, ops.concat([first!, second!], 1, 'P+S')];
    });
    expect(results).toEqual([
      { shape: [1, 0], data: [] },
      { shape: [1, 3], data: [1, 2, 3] },
    ]);
  });

  it('splits integers along any axis', () => {
    const x = { shape: [2, 3], data: Int32Array.of(1, 2, 3, 4, 5, 6) };
    expect(splitIntegers(x, [1, 2], 1)).toEqual([
      { shape: [2, 1], data: Int32Array.of(1, 4) },
      { shape: [2, 2], data: Int32Array.of(2, 3, 5, 6) },
    ]);
    expect(splitIntegers(x, [2, 0], 0)[1]).toEqual({ shape: [0, 3], data: new Int32Array() });
  });
});

describe('by index', () => {
  const x = f32([1, 2, 3, 4], [2, 2]);

  it('gathers rows, zeros for -1 where they matter', async () => {
    const index = i32([1, -1, 0, 1], [2, 2]);
    const [filled, free] = await run([x, index], (ops, p, at) => [
      ops.gatherRows(p, at, { zeroFill: true }),
      ops.gatherRows(p, at),
    ]);
    expect(filled).toEqual({ shape: [2, 2, 2], data: [3, 4, 0, 0, 1, 2, 3, 4] });
    expect(free!.data.toSpliced(2, 2)).toEqual([3, 4, 1, 2, 3, 4]);
  });

  it('gathers along the last axis', async () => {
    const [gathered] = await run([x, i32([1, 1, 0, 1], [2, 2])], (ops, p, at) => ops.gatherLast(p, at));
    expect(gathered).toEqual({ shape: [2, 2], data: [2, 2, 3, 4] });
  });

  it('gives zeros for -1 although a row is infinite', async () => {
    const infinite = f32([Infinity, NaN], [1, 2]);
    const [filled] = await run([infinite, i32([-1], [1])], (ops, p, at) => ops.gatherRows(p, at, { zeroFill: true }));
    expect(filled!.data).toEqual([0, 0]);
  });

  it('writes rows over positions of a cache', async () => {
    const cache = f32([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2, 1]);
    const index = i64([1, 0, 1, 1, 1, 0], [1, 2, 3]);
    const results = await run([cache, index, f32([70, 80], [1, 2, 1])], (ops, x, at, rows) =>
      ops.scatterRows(x, at, rows),
    );
    expect(results).toEqual([{ shape: [2, 2, 2, 1], data: [1, 2, 3, 4, 5, 70, 80, 8] }]);
  });

  it('makes one-hot rows, also of parts of fed indices', async () => {
    const index = i32([2, 0, 1], [3, 1], ['N', 1]);
    const results = await run([index, i64([2, 1], [2])], (ops, at, sizes) => [
      ops.oneHot(at, 3),
      ops.oneHot(ops.split(at, 0, sizes, ['N0', 'N1'])[1]!, 2),
    ]);
    expect(results).toEqual([
      { shape: [3, 1, 3], data: [0, 0, 1, 1, 0, 0, 0, 1, 0] },
      { shape: [1, 1, 2], data: [0, 1] },
    ]);
  });
});

describe('composites', () => {
  it('rotates halves by position', async () => {
    // Position 1 turns by 90 degrees: (x1, x2) becomes (-x2, x1).
    const x = f32([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 4], ['B', 1, 'S', 4]);
    const inputs = [x, i64([0, 1], [1, 2], ['B', 'S']), f32([1, 1, 0, 0], [2, 2]), f32([0, 0, 1, 1], [2, 2])];
    const results = await run(inputs, (ops, p, positions, cos, sin) =>
      ops.rope(p, positions, { cos: cos, sin: sin, negativeSin: sin }),
    );
    expect(results).toEqual([{ shape: [1, 1, 2, 4], data: [1, 2, 3, 4, -7, -8, 5, 6] }]);
  });

  it('normalises by the root mean square', async () => {
    const x = f32([3, 4, 0, 0], [2, 2]);
    const results = await run([x, f32([1, 2], [2])], (ops, p, weight) => {
      const { normed, inverseRms } = ops.rmsNorm(p, weight, 1e-2);
      return [normed, inverseRms];
    });
    const inverse = 1 / Math.sqrt(12.5 + 1e-2);
    expect(results).toEqual([
      { shape: [2, 2], data: close([3 * inverse, 8 * inverse, 0, 0]) },
      { shape: [2, 1], data: close([inverse, 10]) },
    ]);
  });
});
