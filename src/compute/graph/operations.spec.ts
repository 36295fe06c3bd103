import { beforeEach, describe, expect, it } from 'vitest';
import { type Shape } from './dim.js';
import { Graph } from './graph.js';
import { Operations } from './operations.js';

let graph: Graph;
let ops: Operations;
let named = 0;
beforeEach(() => {
  graph = new Graph();
  ops = new Operations(graph);
});

const input = (shape: Shape, trainable = false) => graph.input(`x${named++}`, 'f32', shape, { trainable });

describe('shapes of results', () => {
  it('matmul: rows of the left, columns of the right, each as transposed', () => {
    expect(ops.matmul(input(['T', 4]), input([6, 4]), { transposeB: true }).shape).toEqual(['T', 6]);
    expect(ops.matmul(input(['T', 4]), input(['T', 5]), { transposeA: true }).shape).toEqual([4, 5]);
    expect(ops.matmul(input(['B', 2, 'S', 4]), input(['B', 2, 4, 'S'])).shape).toEqual(['B', 2, 'S', 'S']);
    expect(ops.matmul(input(['B', 2, 4]), input([4, 3])).shape).toEqual(['B', 2, 3]);
  });

  it('reductions keep their axis with size 1, counted from either end', () => {
    expect(ops.reduceSum(input(['N', 3, 4]), -1).shape).toEqual(['N', 3, 1]);
    expect(ops.reduceMax(input(['N', 3, 4]), 1).shape).toEqual(['N', 1, 4]);
  });

  it('gatherRows: the shape of the index, then that of a row', () => {
    const index = graph.input('index', 'i32', ['N', 'K']);
    expect(ops.gatherRows(input([9, 4]), index).shape).toEqual(['N', 'K', 4]);
  });

  it('split and concat: the given size on the axis', () => {
    const sizes = graph.input('sizes', 'i64', [2]);
    expect(ops.split(input(['T', 3]), 0, sizes, ['N', 'M']).map(({ shape }) => shape)).toEqual([
      ['N', 3],
      ['M', 3],
    ]);
    expect(ops.concat([input(['N', 3]), input(['M', 3])], 0, 'T').shape).toEqual(['T', 3]);
  });

  it('oneHot gives floats of an index', () => {
    const hot = ops.oneHot(graph.input('index', 'i32', ['N']), 5);
    expect([hot.dtype, hot.shape]).toEqual(['f32', ['N', 5]]);
  });

  it('reshape to the same shape is the tensor itself', () => {
    const x = input(['T', 4]);
    expect(ops.reshape(x, ['T', 4])).toBe(x);
  });
});

describe('shapes that do not fit are refused when they are recorded', () => {
  it('matmul', () => {
    expect(() => ops.matmul(input(['T', 4]), input([5, 6]))).toThrow('matmul: shapes [T, 4] and [5, 6] do not fit');
    expect(() => ops.matmul(input(['B', 2, 3]), input(['C', 3, 2]))).toThrow('matmul');
    expect(() => ops.matmul(input([4]), input([4, 4]))).toThrow('at least two axes');
  });

  it('elementwise', () => {
    expect(() => ops.add(input(['T', 4]), input(['N', 4]))).toThrow('cannot be broadcast');
    expect(() => ops.mul(input(['T', 4]), input(['T', 5]))).toThrow('cannot be broadcast');
  });

  it('scatterRows', () => {
    const index = graph.input('positions', 'i64', ['N', 2, 3]);
    const cache = input(['B', 2, 'P', 4]);
    expect(ops.scatterRows(cache, index, input(['N', 2, 4])).shape).toEqual(['B', 2, 'P', 4]);
    expect(() => ops.scatterRows(cache, index, input(['N', 2, 5]))).toThrow('scatterRows');
    expect(() => ops.scatterRows(cache, index, input(['T', 2, 4]))).toThrow('scatterRows');
  });

  it('gatherLast', () => {
    const index = graph.input('last', 'i32', ['N', 2]);
    expect(ops.gatherLast(input(['N', 9]), index).shape).toEqual(['N', 2]);
    expect(() => ops.gatherLast(input(['T', 9]), index)).toThrow('gatherLast');
  });

  it('causalAttention', () => {
    const keys = input(['B', 3, 'S', 4]);
    const attend = (query: Shape, values: Shape) => () =>
      ops.causalAttention(input(query), keys, input(values), { alpha: 1, block: 2 });
    expect(attend(['B', 3, '2*S', 4], ['B', 3, 'S', 4])().shape).toEqual(['B', 3, '2*S', 4]);
    expect(attend(['B', 2, '2*S', 4], ['B', 3, 'S', 4])).toThrow('causalAttention');
    expect(attend(['B', 3, '2*S', 4], ['B', 3, 'S', 5])).toThrow('causalAttention');
  });

  it('reshape', () => {
    expect(() => ops.reshape(input(['T', 4]), ['T', 5])).toThrow('reshape: shapes [T, 4] and [T, 5] do not fit');
    expect(() => ops.reshape(input(['T', 4]), ['B', 'S', 4])).toThrow('reshape');
  });

  it('names that are taken', () => {
    graph.input('twice', 'f32', [1]);
    expect(() => graph.input('twice', 'f32', [1])).toThrow("'twice' is declared twice");
  });
});

describe('gradient rules', () => {
  it('are left only where something can be trained', () => {
    expect(ops.exp(input([2])).gradientRule).toBeNull();
    expect(ops.exp(input([2], true)).gradientRule).not.toBeNull();
  });

  it('weights and scalars are recorded once each', () => {
    expect(graph.weight('w', [2])).toBe(graph.weight('w', [2]));
    expect(graph.scalar(3)).toBe(graph.scalar(3));
  });
});
