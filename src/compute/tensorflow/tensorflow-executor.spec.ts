import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Graph } from '../graph/graph.js';
import { Operations } from '../graph/operations.js';
import { extractProgram, type HostTensor, hostTensor, type Program } from '../graph/program.js';
import { type WeightFile } from '../weight-file.js';
import { type LoadedTensorflow, loadTensorflow } from './load-tensorflow.js';
import { planProgram } from './program-plan.js';
import { TensorflowExecutor } from './tensorflow-executor.js';

let loaded: LoadedTensorflow;
let folder: string;
let file: WeightFile;
let executor: TensorflowExecutor;
let before: number;

beforeAll(async () => {
  loaded = await loadTensorflow({ device: 'cpu', bindings: ['@tensorflow/tfjs'] });
  folder = await mkdtemp(join(tmpdir(), 'weights-'));
  const path = join(folder, 'model.f32');
  await writeFile(path, new Uint8Array(Float32Array.of(9, 9, 1, 2, 3, 4).buffer));
  file = { path, parameterCount: 4, tensors: new Map([['w', { byteOffset: 8, shape: [2, 2] }]]) };
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(() => {
  executor = new TensorflowExecutor(loaded);
  before = tensors();
});
/** Every test must leave as many tensors as it found. */
afterEach(async () => {
  await executor.dispose();
  expect(tensors()).toBe(before);
});

const tensors = () => loaded.tf.memory().numTensors;

/** y = 2 x w + 1, with a chain of tensors that are not needed for long; also x itself as a result. */
function record(weight = 'w', shape = [2, 2]): Program {
  const graph = new Graph();
  const ops = new Operations(graph);
  const x = graph.input('x', 'f32', ['N', 2]);
  const product = ops.matmul(x, graph.weight(weight, shape));
  const y = ops.add(ops.scale(product, 2), graph.scalar(1));
  return extractProgram(
    new Map([
      ['y', y],
      ['x', x],
    ]),
  );
}

const rows = (...data: number[]): ReadonlyMap<string, HostTensor> =>
  new Map([['x', hostTensor(Float32Array.from(data), [data.length / 2, 2])]]);

describe('TensorflowExecutor', () => {
  it('runs a program with any number of rows', async () => {
    const program = await executor.compile('test', record(), file);
    expect((await program.run(rows(1, 1))).get('y')).toEqual(hostTensor(Float32Array.of(9, 13), [1, 2]));
    expect((await program.run(rows(1, 0, 0, 1))).get('y')).toEqual(hostTensor(Float32Array.of(3, 5, 7, 9), [2, 2]));
  });

  it('keeps weights and constants only, each weight once for all programs', async () => {
    const first = await executor.compile('first', record(), file);
    const second = await executor.compile('second', record(), file);
    const [weights, scalars] = [1, 2];
    expect(tensors()).toBe(before + weights + 2 * scalars);
    await first.run(rows(1, 1));
    expect(tensors()).toBe(before + weights + 2 * scalars);
    await first.release();
    await first.release();
    expect(tensors()).toBe(before + weights + scalars);
    expect((await second.run(rows(1, 1))).get('y')!.data).toEqual(Float32Array.of(9, 13));
    await second.release();
    expect(tensors()).toBe(before);
  });

  it('gives back copies, never what it was fed', async () => {
    const program = await executor.compile('test', record(), file);
    const feeds = rows(1, 2);
    const passedOn = (await program.run(feeds)).get('x')!.data;
    passedOn[0] = 7;
    expect(feeds.get('x')!.data[0]).toBe(1);
  });

  it('refuses feeds that are missing or do not fit, and stays usable', async () => {
    const program = await executor.compile('test', record(), file);
    await expect(program.run(new Map())).rejects.toThrow("Input 'x' is not fed");
    await expect(program.run(new Map([['x', hostTensor(new Float32Array(3), [1, 3])]]))).rejects.toThrow(
      "Input 'x' is f32 [1, 3], the program needs f32 [N, 2]",
    );
    await expect(program.run(new Map([['x', hostTensor(new Int32Array(2), [1, 2])]]))).rejects.toThrow('is i32');
    expect((await program.run(rows(0, 0))).get('y')!.data).toEqual(Float32Array.of(1, 1));
  });

  it('refuses inputs that disagree about a size', async () => {
    const graph = new Graph();
    const a = graph.input('a', 'f32', ['N', 1]);
    const b = graph.input('b', 'f32', ['N', 1]);
    const sum = new Operations(graph).add(a, b);
    const program = await executor.compile('test', extractProgram(new Map([['sum', sum]])), file);
    const feeds = new Map([
      ['a', hostTensor(new Float32Array(1), [1, 1])],
      ['b', hostTensor(new Float32Array(2), [2, 1])],
    ]);
    await expect(program.run(feeds)).rejects.toThrow("Input 'b' is f32 [2, 1], the program needs f32 [N, 1]");
  });

  it('frees what an operation in the middle of a failed run had made', async () => {
    const graph = new Graph();
    const ops = new Operations(graph);
    const x = graph.input('x', 'f32', ['N', 2]);
    const index = graph.input('index', 'i32', [1]);
    const program = extractProgram(new Map([['y', ops.gatherRows(ops.exp(x), index)]]));
    const compiled = await executor.compile('test', program, file);
    const feeds = new Map([...rows(1, 1), ['index', hostTensor(Int32Array.of(5), [1])] as const]);
    await expect(compiled.run(feeds)).rejects.toThrow('not in [0, 0]');
  });

  it('names weights that the file lacks, holds in another shape, or holds only in part', async () => {
    await expect(executor.compile('test', record('v'), file)).rejects.toThrow("has no tensor 'v'");
    await expect(executor.compile('test', record('w', [2, 3]), file)).rejects.toThrow(
      "Weight 'w' has shape [2, 2], the model needs [2, 3]",
    );
    const torn = { ...file, tensors: new Map([['w', { byteOffset: 16, shape: [2, 2] }]]) };
    await expect(executor.compile('test', record(), torn)).rejects.toThrow('ends before byte 32');
  });

  it('refuses to run a released program', async () => {
    const program = await executor.compile('gone', record(), file);
    await program.release();
    await expect(program.run(rows(1, 1))).rejects.toThrow("Program 'gone' has been released");
  });
});

describe('planProgram', () => {
  it('frees every tensor right after its last use, but no result and no constant', () => {
    const program = record();
    const { steps, weights, scalars } = planProgram(program);
    expect(steps.map(({ node }) => node.operation.op)).toEqual(['matmul', 'mul', 'add']);
    const [product, doubled] = steps.map(({ node }) => node.outputs[0]!);
    expect(steps.map(({ lastUsed }) => lastUsed)).toEqual([[], [product], [doubled]]);
    expect([...weights.keys()]).toEqual(['w']);
    expect(scalars.map(({ value }) => value)).toEqual([2, 1]);
  });

  it('frees inputs that are no results, and parts that nobody reads', () => {
    const graph = new Graph();
    const ops = new Operations(graph);
    const x = graph.input('x', 'f32', ['N', 2]);
    const sizes = graph.input('sizes', 'i64', [2]);
    const [first, second] = ops.split(x, 0, sizes, ['N0', 'N1']);
    const { steps, inputSizes } = planProgram(extractProgram(new Map([['y', first!]])));
    expect(new Set(steps[0]!.lastUsed)).toEqual(new Set([x, sizes, second]));
    expect(inputSizes).toEqual([{ symbol: 'N', tensor: x, axis: 0 }]);
    expect(steps[0]!.sizes.map(({ symbol }) => symbol)).toEqual(['N0', 'N1']);
  });
});
