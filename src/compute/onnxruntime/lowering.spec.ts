import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { interpret, type Numbers, toHost } from '../../../test/support/engines/graph-interpreter.js';
import { numbers, randomNumbers } from '../../../test/support/models/numbers-builders.js';
import { LORA_ALPHA, loraProduct } from '../graph/composites.js';
import { product, type Shape } from '../graph/dim.js';
import { type DType, Graph, type Tensor } from '../graph/graph.js';
import { Operations } from '../graph/operations.js';
import { extractProgram, type HostTensor, hostTensor, type Program, resultShapes } from '../graph/program.js';
import { PassMemory } from '../local/passes/pass-memory.js';
import { type WeightFile } from '../weight-file.js';
import { lowerProgram } from './lowering.js';
import { externalInitializers } from './onnx-reader.js';
import { OnnxRuntimeExecutor } from './onnxruntime-executor.js';

/** What onnxruntime makes of a program is what its operations are defined as (in float32). */
const executor = new OnnxRuntimeExecutor({ device: 'cpu', threads: 1 });
const WEIGHT = randomNumbers('weight', [5, 3]);
let folder: string;
let weights: WeightFile;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thinker-lowering-'));
  weights = {
    path: join(folder, 'weights.f32'),
    tensors: new Map([['w', { byteOffset: 4096, shape: WEIGHT.shape }]]),
    parameterCount: 15,
  };
  const bytes = Buffer.alloc(8192);
  Float32Array.from(WEIGHT.data).forEach((value, i) => bytes.writeFloatLE(value, 4096 + 4 * i));
  await writeFile(weights.path, bytes);
});
afterAll(async () => {
  await executor.dispose();
  await rm(folder, { recursive: true });
});

interface Fed {
  readonly value: Numbers;
  readonly symbols: Shape;
  readonly dtype: DType;
}
const feed =
  (dtype: DType) =>
  (value: Numbers, symbols: Shape = value.shape): Fed => ({ value, symbols, dtype });
const f32 = feed('f32');
const i32 = feed('i32');
const i64 = feed('i64');
const random = (label: string, shape: readonly number[], symbols?: Shape) => f32(randomNumbers(label, shape), symbols);

type Record = (ops: Operations, ...inputs: Tensor[]) => Tensor | readonly Tensor[];

function programOf(inputs: readonly Fed[], record: Record): Program {
  const graph = new Graph();
  const tensors = inputs.map(({ dtype, symbols }, i) => graph.input(`x${i}`, dtype, symbols));
  const results = [record(new Operations(graph), ...tensors)].flat();
  return extractProgram(new Map(results.map((tensor, i) => [`y${i}`, tensor])));
}

async function check(inputs: readonly Fed[], record: Record): Promise<void> {
  const program = programOf(inputs, record);
  const feeds = new Map(inputs.map(({ value }, i) => [`x${i}`, value]));
  const expected = interpret(program, feeds, new Map([['w', WEIGHT]]));
  const compiled = await executor.compile('test', program, weights);
  const results = await compiled.run(toHost(program, feeds));
  await compiled.release();
  expect([...results.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, { shape, data }] of expected) {
    const result = results.get(name)!;
    expect(result.shape, name).toEqual(shape);
    // float32 sums of a dozen numbers around 1
    data.forEach((value, i) => expect(Math.abs(result.data[i]! - value), `${name}[${i}]`).toBeLessThan(1e-5));
  }
}

/** The operators of a lowered program, in order. */
function operators(program: Program): string[] {
  const { model } = lowerProgram(program, () => ({ file: 'weights.f32', byteOffset: 4096, shape: WEIGHT.shape }));
  const text = Buffer.from(model).toString('latin1');
  return [...text.matchAll(/(Gemm|FusedMatMul|Add|Reshape|Identity)_\d+/g)].map(([, name]) => name!);
}

describe('every operation comes out as defined', () => {
  const x = random('x', [3, 4], ['T', 4]);

  it.each([
    { transposeA: false, transposeB: true, left: [2, 2, 3], right: [2, 4, 3] },
    { transposeA: true, transposeB: false, left: [2, 3, 2], right: [2, 3, 4] },
    { transposeA: true, transposeB: true, left: [3, 2], right: [4, 3] },
    { transposeA: false, transposeB: false, left: [2, 2, 3], right: [3, 4] },
  ])('matmul of $left and $right', async ({ left, right, transposeA, transposeB }) => {
    await check([random('a', left), random('b', right)], (ops, a, b) =>
      ops.matmul(a, b, { transposeA, transposeB, alpha: 0.25 }),
    );
  });

  it('elementwise, stretched, with scalars', async () => {
    const y = random('y', [3, 1], ['T', 1]);
    await check([x, y], (ops, a, b) => [
      ops.add(a, b),
      ops.sub(a, b),
      ops.mul(a, b),
      ops.minimum(a, b),
      ops.maximum(a, b),
      ops.greater(a, b),
      ops.scale(a, 1e-3),
    ]);
  });

  it('greater is strict', async () => {
    await check([f32(numbers([3], 1, 2, 3)), f32(numbers([3], 1, 1, 4))], (ops, a, b) => ops.greater(a, b));
  });

  it('functions, softmax, reductions, transpose', async () => {
    await check([x], (ops, a) => {
      const positive = ops.exp(a);
      return [positive, ops.log(positive), ops.sigmoid(a), ops.neg(a), ops.softmax(a), ops.transpose(a, [1, 0])];
    });
    await check([random('cube', [2, 3, 4])], (ops, a) => [
      ops.reduceSum(a, 0),
      ops.reduceMean(a, 1),
      ops.reduceMax(a, -1),
      ops.transpose(a, [2, 0, 1]),
      ops.softmax(a),
    ]);
  });

  it('split and concat, also of an empty part', async () => {
    const sizes = i64(numbers([3], 2, 0, 1));
    await check([x, sizes], (ops, a, s) => {
      const parts = ops.split(a, 0, s, ['P', 'Q', 'R']);
      return [...parts, ops.concat([parts[2]!, parts[0]!, parts[1]!], 0, 'T')];
    });
  });

  it.each([1, 2])('causalAttention and its gradients, in blocks of queries of %i heads', async (groups) => {
    const options = { alpha: 0.5, block: 2 };
    const rows = (name: string) => random(name, [2, 3, 6 * groups, 4], ['B', 3, product('S', groups), 4]);
    const positions = (name: string) => random(name, [2, 3, 6, 4], ['B', 3, 'S', 4]);
    const size = random('size', [2], ['B']);
    await check([rows('q'), positions('k'), positions('v'), rows('g'), size], (ops, q, k, v, g, b) => {
      const context = ops.causalAttention(q, k, v, options);
      const shapes = [q, k, v].map(({ shape }) => shape);
      const operation = { op: 'causalAttentionGradients', ...options } as const;
      return [context, ops.exp(b), ...ops.graph.node(operation, [q, k, v, context, g], shapes)];
    });
  });

  it('after changes nothing', async () => {
    await check([x, random('y', [2, 5])], (ops, a, b) => ops.exp(ops.after(a, ops.neg(b))));
  });

  it('gatherRows: an index of -1 gives zeros where that is asked for', async () => {
    const index = i32(numbers([4], 2, -1, 0, -1), ['P']);
    await check([x, index], (ops, a, i) => ops.gatherRows(a, i, { zeroFill: true }));
    await check([x, i32(numbers([2, 2], 2, 0, 1, 1))], (ops, a, i) => ops.gatherRows(a, i));
    const heads = random('heads', [3, 2, 2], ['T', 2, 2]);
    await check([heads, index], (ops, a, i) => ops.gatherRows(a, i, { zeroFill: true }));
  });

  it('gatherRows: -1 without zeros is allowed, and leaves the other rows alone', async () => {
    const program = programOf([x, i32(numbers([3], 1, -1, 0))], (ops, a, i) => ops.gatherRows(a, i));
    const feeds = new Map([
      ['x0', x.value],
      ['x1', numbers([3], 1, -1, 0)],
    ]);
    const compiled = await executor.compile('test', program, weights);
    const { data } = (await compiled.run(toHost(program, feeds))).get('y0')!;
    expect([...data.subarray(0, 4)]).toEqual(x.value.data.slice(4, 8));
    expect([...data.subarray(8)]).toEqual(x.value.data.slice(0, 4));
    await compiled.release();
  });

  it('gatherLast, also of no rows', async () => {
    const wide = random('wide', [3, 5], ['N', 5]);
    await check([wide, i32(numbers([3, 2], 4, 0, 1, 1, 2, 3), ['N', 'K'])], (ops, a, i) => ops.gatherLast(a, i));
    const none = [f32(numbers([0, 5]), ['N', 5]), i32(numbers([0, 2]), ['N', 'K'])];
    await check(none, (ops, a, i) => ops.gatherLast(a, i));
  });

  it('log of a number is the same bits whatever stands beside it', async () => {
    const x = random('masses', [37, 1], ['T', 1]);
    const positive = f32({ ...x.value, data: x.value.data.map((value) => Math.fround(Math.abs(value) + 0.01)) }, [
      'T',
      1,
    ]);
    const program = programOf([positive], (ops, a) => ops.log(a));
    const compiled = await executor.compile('test', program, weights);
    const logs = async (value: Numbers) => [
      ...(await compiled.run(toHost(program, new Map([['x0', value]])))).get('y0')!.data,
    ];
    const together = await logs(positive.value);
    for (const [i, value] of positive.value.data.entries()) {
      expect(await logs(numbers([1, 1], value)), String(value)).toEqual([together[i]]);
    }
    await compiled.release();
  });

  it('products of a LoRA of zeros are -0, forward and backward', async () => {
    const [x, gradient] = [random('x', [2, 40, 5]), random('gradient', [2, 40, 6])];
    const zeros = (a: number, b: number, c: number) =>
      f32({ shape: [a, b, c], data: new Array<number>(a * b * c).fill(0) });
    const [down, up] = [zeros(2, 16, 5), zeros(2, 6, 16)];
    const program = programOf([x, gradient, down, up], (ops, rows, ofResult, a, b) => {
      const projected = ops.mul(loraProduct(ops, rows, a), ops.graph.scalar(0));
      const ofProjected = ops.matmul(ofResult, b, { alpha: LORA_ALPHA });
      return [loraProduct(ops, projected, b), ops.matmul(ofProjected, a, { alpha: LORA_ALPHA })];
    });
    const compiled = await executor.compile('test', program, weights);
    const feeds = new Map([x, gradient, down, up].map(({ value }, i) => [`x${i}`, value]));
    for (const [name, { data }] of await compiled.run(toHost(program, feeds))) {
      expect(
        data.every((value) => Object.is(value, -0)),
        name,
      ).toBe(true);
    }
    await compiled.release();
  });

  it('scatterRows: beside what it keeps, and in place where cache and result are the same memory', async () => {
    const inputs = [
      random('cache', [2, 2, 3, 4], ['B', 2, 'P', 4]),
      i64(numbers([2, 2, 3], 1, 0, 2, 1, 1, 2, 0, 0, 0, 0, 1, 0), ['N', 2, 3]),
      random('rows', [2, 2, 4], ['N', 2, 4]),
    ];
    const record: Record = (ops, cache, index, rows) => {
      const written = ops.scatterRows(cache, index, rows);
      return [written, ops.neg(written)];
    };
    await check(inputs, record);

    const program = programOf(inputs, record);
    const feeds = new Map(inputs.map(({ value }, i) => [`x${i}`, value]));
    const expected = interpret(program, feeds);
    const fed = toHost(program, feeds);
    const cache = fed.get('x0') as HostTensor<Float32Array>;
    const compiled = await executor.compile('test', program, weights);
    const negated = hostTensor(new Float32Array(cache.data.length), cache.shape);
    const into = new Map([
      ['y0', cache],
      ['y1', negated],
    ]);
    await compiled.run(fed, into);
    await compiled.release();
    for (const [name, { data }] of into)
      expect([...data], name).toEqual([...Float32Array.from(expected.get(name)!.data)]);
  });

  it('oneHot, rope, rmsNorm', async () => {
    await check([i32(numbers([2, 2], 0, 4, 2, 1))], (ops, i) => ops.oneHot(i, 5));
    const head = random('head', [2, 2, 3, 4], ['B', 2, 'S', 4]);
    const tables = ['cos', 'sin', 'minus'].map((label) => random(label, [5, 2], ['M', 2]));
    await check([head, i64(numbers([2, 3], 0, 1, 2, 4, 4, 0)), ...tables], (ops, a, positions, ...t) =>
      ops.rope(a, positions, { cos: t[0]!, sin: t[1]!, negativeSin: t[2]! }),
    );
    await check([x, random('norm', [4])], (ops, a, w) => Object.values(ops.rmsNorm(a, w, 0.1)));
  });

  it('weights are read from their offset in the file', async () => {
    await check([random('in', [2, 3], ['T', 3])], (ops, a) =>
      ops.matmul(a, ops.graph.weight('w', [5, 3]), { transposeB: true }),
    );
  });

  it('a batch of no rows gives no rows', async () => {
    const none = f32(numbers([0, 3]), ['T', 3]);
    await check([none, i32(numbers([0]), ['T'])], (ops, a, i) => [
      ops.add(ops.matmul(a, ops.graph.weight('w', [5, 3]), { transposeB: true }), ops.graph.scalar(1)),
      ops.gatherRows(ops.graph.weight('w', [5, 3]), i),
    ]);
  });
});

describe('reshape', () => {
  it('settles sizes that are copied or the only unknown one', async () => {
    await check([random('r', [4, 6], ['T', 6])], (ops, a) => [
      ops.reshape(a, ['T', 2, 3]),
      ops.reshape(a, ['2*T', 3]),
      ops.reshape(a, ['6*T']),
    ]);
  });

  it('puts sizes together at run time from symbols and factors', async () => {
    // 'B' and 'S' are only learned from the second input.
    const inputs = [random('r', [6, 4], ['B*S', 4]), random('sizes', [2, 3], ['B', 'S'])];
    await check(inputs, (ops, a, b) => [ops.reshape(a, ['B', 2, '2*S', 1]), ops.reshape(a, ['B', 'S', 4]), b]);
  });

  it('cannot learn a symbol that no input shows on its own', async () => {
    const program = programOf([random('r', [6, 4], ['B*S', 4])], (ops, a) => ops.reshape(a, ['B', 'S', 4]));
    const compiled = await executor.compile('test', program, weights);
    const feeds = toHost(program, new Map([['x0', randomNumbers('r', [6, 4])]]));
    await expect(compiled.run(feeds)).rejects.toThrow("No input has an axis of size 'B'");
    await compiled.release();
  });
});

describe('a product and the addition after it', () => {
  const a = random('a', [3, 4], ['T', 4]);
  const b = random('b', [5, 4]);
  const c = random('c', [3, 5], ['T', 5]);
  const product = (ops: Operations, x: Tensor, y: Tensor) => ops.matmul(x, y, { transposeB: true, alpha: 0.5 });

  const joined: [string, Fed, (ops: Operations, p: Tensor, z: Tensor) => Tensor][] = [
    ['a b + c', c, (ops, p, z) => ops.add(p, z)],
    ['a b + bias', random('bias', [5]), (ops, p, z) => ops.add(p, z)],
  ];
  it.each(joined)('%s is one Gemm', async (_, addend, sum) => {
    const record: Record = (ops, x, y, z) => sum(ops, product(ops, x, y), z);
    expect(operators(programOf([a, b, addend], record))).toEqual(['Gemm']);
    await check([a, b, addend], record);
  });

  const apart: [string, Fed[], Record][] = [
    ['c + a b', [c, a, b], (ops, z, x, y) => ops.add(z, product(ops, x, y))],
    ['a b + a b', [a, b], (ops, x, y) => ((p) => ops.add(p, p))(product(ops, x, y))],
    ['a column as addend', [a, b, random('col', [3, 1], ['T', 1])], (ops, x, y, z) => ops.add(product(ops, x, y), z)],
    [
      'batches',
      [random('A', [2, 3, 4]), random('B', [2, 4, 3]), random('C', [2, 3, 3])],
      (ops, x, y, z) => ops.add(ops.matmul(x, y), z),
    ],
  ];
  it.each(apart)('%s: right, joined or not', async (_, inputs, record) => {
    await check(inputs, record);
  });

  it('stays apart when the product is needed elsewhere, or is fed', async () => {
    const used: Record = (ops, x, y, z) => {
      const p = product(ops, x, y);
      return [ops.add(p, z), ops.exp(p)];
    };
    expect(operators(programOf([a, b, c], used))).toEqual(['FusedMatMul', 'Add']);
    await check([a, b, c], used);

    const returned: Record = (ops, x, y, z) => {
      const p = product(ops, x, y);
      return [p, ops.add(p, z)];
    };
    expect(operators(programOf([a, b, c], returned))).toEqual(['FusedMatMul', 'Add']);
    await check([a, b, c], returned);

    const graph = new Graph();
    const ops = new Operations(graph);
    const p = product(ops, graph.input('a', 'f32', ['T', 4]), graph.input('b', 'f32', [5, 4]));
    const sum = ops.add(p, graph.input('c', 'f32', ['T', 5]));
    expect(operators(extractProgram(new Map([['y', sum]]), new Map([['p', p]])))).toEqual(['Add']);
  });

  it('joins one product of two and adds the other', async () => {
    const inputs = [a, b, random('a2', [3, 4], ['T', 4])];
    await check(inputs, (ops, x, y, z) => ops.add(product(ops, x, y), product(ops, z, y)));
  });
});

describe('weights', () => {
  it('are declared apart as factors and as tables of rows', () => {
    const inputs = [random('x', [2, 3], ['T', 3]), i32(numbers([2], 4, 0), ['N'])];
    const program = programOf(inputs, (ops, x, index) => {
      const weight = ops.graph.weight('w', [5, 3]);
      return [ops.matmul(x, weight, { transposeB: true }), ops.gatherRows(weight, index)];
    });
    const { model } = lowerProgram(program, (_weight, use) => ({ file: `${use}.f32`, byteOffset: 0, shape: [5, 3] }));
    const files = [...externalInitializers(model).values()].map((entries) => entries.get('location'));
    expect(files).toEqual(['factor.f32', 'rows.f32']);
  });
});

describe('names', () => {
  it('gives inputs, repeated results and results of cuts the names they were asked for', async () => {
    await check([random('x', [2, 2])], (ops, x) => {
      const y = ops.exp(x);
      return [y, y, x];
    });
  });

  it('writes results into the memory that it is given, also empty ones', async () => {
    const inputs = [random('x', [3, 2], ['N', 2]), i64(numbers([2], 3, 0))];
    const program = programOf(inputs, (ops, x, sizes) => [ops.neg(x), ...ops.split(x, 0, sizes, ['N0', 'N1'])]);
    const feeds = new Map(inputs.map(({ value }, i) => [`x${i}`, value]));
    const compiled = await executor.compile('test', program, weights);
    const fed = toHost(program, feeds);
    const into = new PassMemory().tensors(resultShapes(program, fed));
    const results = await compiled.run(fed, into);
    const x = Array.from(fed.get('x0')!.data, Number);
    expect([...results].map(([name, { data }]) => [name, [...data]])).toEqual([
      ['y0', x.map((value) => -value)],
      ['y1', x],
      ['y2', []],
    ]);
    for (const [name, { data }] of results) expect(data.buffer, name).toBe(into.get(name)!.data.buffer);
    await expect(compiled.run(new Map(), into)).rejects.toThrow("Input 'x0' is not fed");
    const unfit = new Map(into).set('y0', hostTensor(new Float32Array(4), [2, 2]));
    await expect(compiled.run(fed, unfit)).rejects.toThrow('shape');
    await compiled.release();
  });

  it('says which input is not fed and which weight is missing or of another shape', async () => {
    const inputs = [random('x', [2, 3], ['T', 3])];
    const program = programOf(inputs, (ops, x) => ops.exp(x));
    const compiled = await executor.compile('test', program, weights);
    await expect(compiled.run(new Map())).rejects.toThrow("Input 'x0' is not fed");
    await compiled.release();
    const missing = programOf(inputs, (ops, x) => ops.mul(x, ops.graph.weight('v', [3])));
    await expect(executor.compile('test', missing, weights)).rejects.toThrow("no tensor 'v'");
    const wrong = programOf(inputs, (ops, x) => ops.mul(x, ops.graph.weight('w', [3])));
    await expect(executor.compile('test', wrong, weights)).rejects.toThrow('has shape [5, 3], the model needs [3]');
  });
});
