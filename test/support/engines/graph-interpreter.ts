import { resolveDim } from '../../../src/compute/graph/dim.js';
import { type Node, type Operation, type Tensor } from '../../../src/compute/graph/graph.js';
import { type HostTensor, hostTensor, type Program } from '../../../src/compute/graph/program.js';

/*
 * Runs programs in float64, one operation after the other, each written down as its definition says and as plainly as
 * possible: the yardstick for gradient rules (by finite differences, which float32 is too coarse for) and for what
 * executors make of a program. Every result is checked against the shape that was recorded for it.
 */

/** Numbers of one tensor, row-major. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
export type NumbersByName = ReadonlyMap<string, Numbers>;

export function interpret(program: Program, feeds: NumbersByName, weights: NumbersByName = new Map()) {
  const values = new Map<Tensor, Numbers>();
  const sizes = new Map<string, number>();
  for (const [name, tensor] of program.inputs) {
    const given = feeds.get(name);
    if (!given) throw new Error(`Input '${name}' is not fed.`);
    bind(tensor, given, sizes);
    values.set(tensor, given);
  }
  const valueOf = (tensor: Tensor): Numbers => {
    const { source } = tensor;
    const known = values.get(tensor);
    if (known) return known;
    if (source.kind === 'scalar') return { shape: [], data: [source.value] };
    if (source.kind === 'weight') return weights.get(source.name)!;
    throw new Error('A tensor is used before it is computed.');
  };
  for (const node of program.nodes) {
    const results = evaluate(node, node.inputs.map(valueOf), (dim) => resolveDim(dim, sizes));
    node.outputs.forEach((output, i) => {
      bind(output, results[i]!, sizes);
      values.set(output, results[i]!);
    });
  }
  return new Map([...program.outputs].map(([name, tensor]) => [name, valueOf(tensor)]));
}

/** The same numbers as they are fed to an executor. */
export function toHost(program: Program, feeds: NumbersByName): Map<string, HostTensor> {
  return new Map(
    [...program.inputs].map(([name, { dtype }]) => {
      const { shape, data } = feeds.get(name)!;
      const array = { f32: Float32Array, i32: Int32Array }[dtype as 'f32' | 'i32'];
      return [name, hostTensor(dtype === 'i64' ? BigInt64Array.from(data, BigInt) : array.from(data), shape)];
    }),
  );
}

/** Learns symbols from a tensor's true shape, and checks it against what is known of them. */
function bind({ shape }: Tensor, { shape: actual, data }: Numbers, sizes: Map<string, number>): void {
  const wrong = () => new Error(`Recorded shape [${shape.join(', ')}] came out as [${actual.join(', ')}].`);
  if (shape.length !== actual.length || data.length !== count(actual)) throw wrong();
  shape.forEach((dim, axis) => {
    if (typeof dim === 'string' && !dim.includes('*') && !sizes.has(dim)) sizes.set(dim, actual[axis]!);
    else if (typeof dim === 'number' || !dim.includes('*')) {
      if (resolveDim(dim, sizes) !== actual[axis]) throw wrong();
    }
  });
}

function evaluate(node: Node, inputs: Numbers[], resolve: (dim: number | string) => number): Numbers[] {
  const { operation } = node;
  const [x, y] = inputs as [Numbers, Numbers];
  switch (operation.op) {
    case 'matmul':
      return [matmul(x, y, operation)];
    case 'add':
      return [elementwise(x, y, (a, b) => a + b)];
    case 'sub':
      return [elementwise(x, y, (a, b) => a - b)];
    case 'mul':
      return [elementwise(x, y, (a, b) => a * b)];
    case 'minimum':
      return [elementwise(x, y, Math.min)];
    case 'maximum':
      return [elementwise(x, y, Math.max)];
    case 'greater':
      return [elementwise(x, y, (a, b) => Number(a > b))];
    case 'exp':
      return [{ ...x, data: x.data.map(Math.exp) }];
    case 'log':
      return [{ ...x, data: x.data.map(Math.log) }];
    case 'sigmoid':
      return [{ ...x, data: x.data.map((a) => 1 / (1 + Math.exp(-a))) }];
    case 'neg':
      return [{ ...x, data: x.data.map((a) => -a) }];
    case 'softmax':
      return [{ ...x, data: rows(x).flatMap(softmax) }];
    case 'reduceSum':
      return [reduce(x, operation.axis, (values) => values.reduce((a, b) => a + b, 0))];
    case 'reduceMean':
      return [reduce(x, operation.axis, (values) => values.reduce((a, b) => a + b, 0) / values.length)];
    case 'reduceMax':
      return [reduce(x, operation.axis, (values) => Math.max(...values))];
    case 'reshape':
      return [{ shape: operation.shape.map(resolve), data: x.data }];
    case 'transpose':
      return [transpose(x, operation.permutation)];
    case 'concat':
      return [concat(inputs, operation.axis)];
    case 'split':
      return split(x, operation.axis, y.data);
    case 'gatherRows':
      return [gatherRows(x, y, operation.zeroFill)];
    case 'identity':
      return [x];
    case 'gatherLast':
      return [build(y.shape, (index) => at(x, index.with(-1, at(y, index))))];
    case 'scatterRows':
      return [scatterRows(inputs)];
    case 'causalAttention':
      return [causalAttention(inputs, operation.alpha).context];
    case 'causalAttentionGradients':
      return causalAttentionGradients(inputs, operation.alpha);
    case 'after':
      return [x];
    case 'oneHot':
      return [{ shape: [...x.shape, operation.depth], data: x.data.flatMap((i) => hot(i, operation.depth)) }];
    case 'rope':
      return [rope(inputs)];
    case 'rmsNorm':
      return rmsNorm(x, y, operation.epsilon);
  }
}

const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** Calls `make` with every index of a shape, in row-major order; the index is changed in place from call to call. */
function build(shape: readonly number[], make: (index: number[]) => number): Numbers {
  const index = shape.map(() => 0);
  const data = Array.from({ length: count(shape) }, () => {
    const value = make(index);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
    return value;
  });
  return { shape, data };
}

/** The number at an index; leading axes that x lacks and axes of size 1 stretch. */
function at({ shape, data }: Numbers, index: readonly number[]): number {
  const skipped = index.length - shape.length;
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    offset = offset * shape[axis]! + (shape[axis] === 1 ? 0 : index[skipped + axis]!);
  }
  return data[offset]!;
}

function rows(x: Numbers): number[][] {
  const width = x.shape.at(-1)!;
  const length = width === 0 ? 0 : x.data.length / width;
  return Array.from({ length }, (_, i) => x.data.slice(i * width, (i + 1) * width));
}

function matmul(a: Numbers, b: Numbers, options: Extract<Operation, { op: 'matmul' }>): Numbers {
  const left = options.transposeA ? swapLast(a) : a;
  const right = options.transposeB ? swapLast(b) : b;
  const [height, inner] = left.shape.slice(-2) as [number, number];
  const width = right.shape.at(-1)!;
  const data: number[] = [];
  for (let row = 0; row < count(left.shape.slice(0, -1)); row++) {
    // A right factor without batches serves all of them.
    const matrix = right.shape.length === 2 ? 0 : Math.floor(row / height) * inner * width;
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += left.data[row * inner + k]! * right.data[matrix + k * width + column]!;
      data.push(options.alpha * sum);
    }
  }
  return { shape: [...left.shape.slice(0, -1), width], data };
}

function swapLast(x: Numbers): Numbers {
  const axes = x.shape.map((_, axis) => axis);
  return transpose(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}

function elementwise(a: Numbers, b: Numbers, apply: (x: number, y: number) => number): Numbers {
  const rank = Math.max(a.shape.length, b.shape.length);
  const sizeOf = (x: Numbers, axis: number) => x.shape[axis - rank + x.shape.length] ?? 1;
  const shape = Array.from({ length: rank }, (_, axis) => (sizeOf(a, axis) === 1 ? sizeOf(b, axis) : sizeOf(a, axis)));
  return build(shape, (index) => apply(at(a, index), at(b, index)));
}

function softmax(row: number[]): number[] {
  const largest = Math.max(...row);
  const masses = row.map((value) => Math.exp(value - largest));
  const sum = masses.reduce((a, b) => a + b, 0);
  return masses.map((mass) => mass / sum);
}

function reduce(x: Numbers, axis: number, join: (values: number[]) => number): Numbers {
  return build(x.shape.with(axis, 1), (index) =>
    join(Array.from({ length: x.shape[axis]! }, (_, i) => at(x, index.with(axis, i)))),
  );
}

function transpose(x: Numbers, permutation: readonly number[]): Numbers {
  return build(
    permutation.map((axis) => x.shape[axis]!),
    (index) =>
      at(
        x,
        x.shape.map((_, axis) => index[permutation.indexOf(axis)]!),
      ),
  );
}

function concat(parts: readonly Numbers[], axis: number): Numbers {
  const total = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
  return build(parts[0]!.shape.with(axis, total), (index) => {
    let offset = index[axis]!;
    const part = parts.find(({ shape }) => offset < shape[axis]! || ((offset -= shape[axis]!), false))!;
    return part.data[part.shape.reduce((at, size, i) => at * size + (i === axis ? offset : index[i]!), 0)]!;
  });
}

function split(x: Numbers, axis: number, sizes: readonly number[]): Numbers[] {
  let start = 0;
  return sizes.map((size) => {
    const from = start;
    start += size;
    return build(x.shape.with(axis, size), (index) => at(x, index.with(axis, from + index[axis]!)));
  });
}

/** A row of no meaning is row 0 here and the last one in onnxruntime: nothing may depend on it. */
function gatherRows(x: Numbers, index: Numbers, zeroFill: boolean): Numbers {
  const width = count(x.shape.slice(1));
  const data = index.data.flatMap((row) => {
    if (row < 0 && zeroFill) return new Array<number>(width).fill(0);
    const from = Math.max(row, 0);
    return x.data.slice(from * width, (from + 1) * width);
  });
  return { shape: [...index.shape, ...x.shape.slice(1)], data };
}

function scatterRows([cache, index, rows]: readonly Numbers[]): Numbers {
  const data = [...cache!.data];
  const [, channels, positions, size] = cache!.shape as [number, number, number, number];
  for (let row = 0; row < index!.data.length / 3; row++) {
    const [b, c, p] = index!.data.slice(row * 3, row * 3 + 3) as [number, number, number];
    for (let d = 0; d < size; d++) data[((b * channels + c) * positions + p) * size + d] = rows!.data[row * size + d]!;
  }
  return { shape: cache!.shape, data };
}

/** Contexts, and the probabilities they are made with: [B, heads, S * G, S]. */
function causalAttention([query, keys, values]: readonly Numbers[], alpha: number) {
  const groups = query!.shape[2]! / keys!.shape[2]!;
  const scores = matmul(query!, keys!, { op: 'matmul', transposeA: false, transposeB: true, alpha });
  const seen = build(scores.shape, (index) =>
    index[3]! > Math.floor(index[2]! / groups) ? -Infinity : at(scores, index),
  );
  const weights = { ...seen, data: rows(seen).flatMap(softmax) };
  return {
    weights,
    context: matmul(weights, values!, { op: 'matmul', transposeA: false, transposeB: false, alpha: 1 }),
  };
}

function causalAttentionGradients(inputs: readonly Numbers[], alpha: number): Numbers[] {
  const [query, keys, values, , gradient] = inputs as [Numbers, Numbers, Numbers, Numbers, Numbers];
  const { weights } = causalAttention(inputs, alpha);
  const product = (a: Numbers, b: Numbers, options: { transposeA?: boolean; transposeB?: boolean; alpha?: number }) =>
    matmul(a, b, { op: 'matmul', transposeA: false, transposeB: false, alpha: 1, ...options });
  const ofWeights = product(gradient, values, { transposeB: true });
  const inner = reduce(
    elementwise(weights, ofWeights, (a, b) => a * b),
    3,
    (row) => row.reduce((a, b) => a + b, 0),
  );
  const ofScores = elementwise(
    weights,
    elementwise(ofWeights, inner, (a, b) => a - b),
    (a, b) => a * b,
  );
  return [
    product(ofScores, keys, { alpha }),
    product(ofScores, query, { transposeA: true, alpha }),
    product(weights, gradient, { transposeA: true }),
  ];
}

function hot(index: number, depth: number): number[] {
  return Array.from({ length: depth }, (_, i) => Number(i === index));
}

/** The first half of the head turns with the second. */
function rope([x, positions, cos, sin]: readonly Numbers[]): Numbers {
  const half = x!.shape[3]! / 2;
  return build(x!.shape, ([b, head, s, d]) => {
    const position = at(positions!, [b!, s!]);
    const i = d! % half;
    const first = at(x!, [b!, head!, s!, i]);
    const second = at(x!, [b!, head!, s!, i + half]);
    const [c, z] = [at(cos!, [position, i]), at(sin!, [position, i])];
    return d! < half ? first * c - second * z : second * c + first * z;
  });
}

function rmsNorm(x: Numbers, weight: Numbers, epsilon: number): Numbers[] {
  const inverse = rows(x).map((row) => 1 / Math.sqrt(row.reduce((sum, a) => sum + a * a, 0) / row.length + epsilon));
  const data = rows(x).flatMap((row, i) => row.map((value, j) => value * inverse[i]! * weight.data[j]!));
  return [
    { shape: x.shape, data },
    { shape: x.shape.with(-1, 1), data: inverse },
  ];
}
