import { describe, expect, it } from 'vitest';
import { interpret } from '../../../test/support/engines/graph-interpreter.js';
import { numbers } from '../../../test/support/models/numbers-builders.js';
import { product } from './dim.js';
import { Graph } from './graph.js';
import { Operations } from './operations.js';
import { carriedTensors, extractProgram, type HostTensor, hostTensor, resultShapes } from './program.js';

/** y = exp(x) * w + b, z = -x: `middle` is exp(x). */
function record() {
  const graph = new Graph();
  const ops = new Operations(graph);
  const x = graph.input('x', 'f32', ['T', 2]);
  const b = graph.input('b', 'f32', ['N*T', 2]);
  const middle = ops.exp(x);
  const y = ops.add(ops.mul(middle, graph.weight('w', [2])), graph.scalar(1));
  return { graph, ops, x, b, middle, y, z: ops.neg(x) };
}

const opsOf = (program: ReturnType<typeof extractProgram>) => program.nodes.map(({ operation }) => operation.op);

describe('extractProgram', () => {
  it('takes what the results need and nothing else, in an order that can be run', () => {
    const { y } = record();
    const program = extractProgram(new Map([['y', y]]));
    expect(opsOf(program)).toEqual(['exp', 'mul', 'add']);
    expect([...program.inputs.keys()]).toEqual(['x']);
  });

  it('collects the symbols of every shape', () => {
    const { ops, b, y } = record();
    const program = extractProgram(
      new Map([
        ['y', ops.reshape(ops.mul(b, b), ['N', 'T', 2])],
        ['other', y],
      ]),
    );
    expect(program.symbols).toEqual(['N', 'T']);
  });

  it('feeds the tensors of a cut instead of computing them', () => {
    const { middle, y } = record();
    const program = extractProgram(new Map([['y', y]]), new Map([['saved', middle]]));
    expect(opsOf(program)).toEqual(['mul', 'add']);
    expect([...program.inputs.keys()]).toEqual(['saved']);
  });

  it('gives the same numbers in two parts as in one', () => {
    const { middle, y } = record();
    const weights = new Map([['w', numbers([2], 3, -1)]]);
    const feeds = new Map([['x', numbers([2, 2], 0, 1, -1, 0.5)]]);
    const whole = interpret(extractProgram(new Map([['y', y]])), feeds, weights).get('y');
    const saved = interpret(extractProgram(new Map([['saved', middle]])), feeds, weights);
    const second = extractProgram(new Map([['y', y]]), new Map([['saved', middle]]));
    expect(interpret(second, saved, weights).get('y')).toEqual(whole);
  });

  it('computes again what the cut does not hold', () => {
    const { ops, middle, y, z } = record();
    const both = ops.add(y, z);
    const program = extractProgram(new Map([['both', both]]), new Map([['saved', middle]]));
    expect(opsOf(program)).toEqual(['mul', 'add', 'neg', 'add']);
    expect([...program.inputs.keys()]).toEqual(['x', 'saved']);
  });

  it('passes on an input or a cut tensor that is a result, too', () => {
    const { x, middle } = record();
    const program = extractProgram(
      new Map([
        ['x', x],
        ['m', middle],
      ]),
      new Map([['saved', middle]]),
    );
    expect(program.nodes).toEqual([]);
    expect([...program.inputs.keys()]).toEqual(['x', 'saved']);
  });
});

describe('carriedTensors', () => {
  it('are what the later part reads of the earlier one, without reshapes of it, weights and inputs', () => {
    const graph = new Graph();
    const ops = new Operations(graph);
    const x = graph.input('x', 'f32', ['N', 2]);
    const w = graph.weight('w', [2]);
    const [unread, read, viewed] = [ops.neg(x), ops.exp(x), ops.mul(x, w)];
    const view = ops.reshape(ops.reshape(viewed, ['N', 1, 2]), ['N', 2, 1]);
    const { tensorCount } = graph;
    const later = ops.add(ops.mul(read, w), ops.add(x, ops.mul(read, read)));
    const outputs = new Map([
      ['y', later],
      ['z', ops.exp(view)],
      ['unread', unread],
    ]);
    const carried = carriedTensors(extractProgram(outputs), ({ id }) => id < tensorCount);
    expect(new Set(carried)).toEqual(new Set([read, viewed]));
  });
});

describe('resultShapes', () => {
  it('follow from the shapes of what is fed, and from the sizes of parts', () => {
    const graph = new Graph();
    const ops = new Operations(graph);
    const x = graph.input('x', 'f32', ['N', 2]);
    const [first, second] = ops.split(x, 0, graph.input('sizes', 'i64', [2]), ['N0', 'N1']);
    const outputs = new Map([
      ['flat', ops.reshape(ops.exp(x), [product('N', 2)])],
      ['a', first!],
      ['b', second!],
    ]);
    const feeds = new Map<string, HostTensor>([
      ['x', hostTensor(new Float32Array(10), [5, 2])],
      ['sizes', hostTensor(BigInt64Array.of(5n, 0n), [2])],
    ]);
    const program = extractProgram(outputs);
    expect(resultShapes(program, feeds)).toEqual(
      new Map([
        ['flat', [10]],
        ['a', [5, 2]],
        ['b', [0, 2]],
      ]),
    );
    feeds.delete('x');
    expect(() => resultShapes(program, feeds)).toThrow("Input 'x' is not fed");
  });
});

it('hostTensor names the type by its array', () => {
  expect(hostTensor(new Float32Array(2), [2]).dtype).toBe('f32');
  expect(hostTensor(new Int32Array(2), [2]).dtype).toBe('i32');
  expect(hostTensor(new BigInt64Array(2), [2]).dtype).toBe('i64');
});
