import { describe, expect, it } from 'vitest';
import { interpret } from '../../../test/support/graph-interpreter.js';
import { numbers } from '../../../test/support/numbers-builders.js';
import { Graph } from './graph.js';
import { Operations } from './operations.js';
import { extractProgram, hostTensor } from './program.js';

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
    const program = extractProgram(new Map([['y', ops.reshape(ops.mul(b, b), ['N', 'T', 2])], ['other', y]])); // prettier-ignore
    expect(program.symbols).toEqual(['N', 'T']);
  });

  it('feeds the tensors of a cut in place of computing them', () => {
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
    const program = extractProgram(new Map([['x', x], ['m', middle]]), new Map([['saved', middle]])); // prettier-ignore
    expect(program.nodes).toEqual([]);
    expect([...program.inputs.keys()]).toEqual(['x', 'saved']);
  });
});

it('hostTensor names the type by its array', () => {
  expect(hostTensor(new Float32Array(2), [2]).dtype).toBe('f32');
  expect(hostTensor(new Int32Array(2), [2]).dtype).toBe('i32');
  expect(hostTensor(new BigInt64Array(2), [2]).dtype).toBe('i64');
});
