import { describe, expect, it } from 'vitest';
import { interpret, type Numbers } from '../../../test/support/engines/graph-interpreter.js';
import { numbers, randomNumbers } from '../../../test/support/models/numbers-builders.js';
import { attention, gatedSilu, rmsNorm } from './composites.js';
import { product, type Shape } from './dim.js';
import { gradients } from './gradients.js';
import { type DType, Graph, type Tensor } from './graph.js';
import { Operations } from './operations.js';
import { labelLogprobs } from './label-logprobs.js';
import { extractProgram } from './program.js';

interface Fed {
  readonly value: Numbers;
  readonly symbols: Shape;
  readonly dtype: DType;
  readonly trainable: boolean;
}

const fed = (value: Numbers, symbols: Shape | undefined, dtype: DType, trainable: boolean): Fed => {
  return { value, symbols: symbols ?? value.shape, dtype, trainable };
};
let label = 0;
/** An input of random numbers whose gradient is checked. */
const param = (shape: readonly number[], symbols?: Shape) =>
  fed(randomNumbers(`${label++}`, shape), symbols, 'f32', true);
const fixed = (shape: readonly number[], symbols?: Shape) =>
  fed(randomNumbers(`${label++}`, shape), symbols, 'f32', false);
const index = (value: Numbers, symbols?: Shape) => fed(value, symbols, 'i32', false);

/**
 * Central differences in float64 with this step are right to about 1e-9: their error is step^2 / 6 times a third
 * derivative of order 1, plus rounding of 1e-16 / step. The bound leaves two orders for sums of many terms.
 */
const STEP = 1e-5;
const TOLERANCE = 1e-7;

/** Checks d sum(seed * result) / d x, for random seeds, of every trainable input. */
function checkGradients(inputs: readonly Fed[], record: (ops: Operations, ...inputs: Tensor[]) => Tensor): void {
  const graph = new Graph();
  const ops = new Operations(graph);
  const tensors = inputs.map(({ dtype, symbols, trainable }, i) => graph.input(`x${i}`, dtype, symbols, { trainable }));
  const result = record(ops, ...tensors);
  const forward = extractProgram(new Map([['y', result]]));
  const feeds = new Map(inputs.map(({ value }, i): [string, Numbers] => [`x${i}`, value]));
  const seed = randomNumbers('seed', interpret(forward, feeds).get('y')!.shape);

  const trainable = tensors.filter((tensor) => tensor.trainable);
  const found = gradients(ops, [{ of: result, gradient: graph.input('seed', 'f32', result.shape) }], trainable);
  const names = tensors.flatMap((tensor, i): [string, Tensor][] => (tensor.trainable ? [[`x${i}`, tensor]] : []));
  const backward = extractProgram(new Map(names.map(([name, tensor]) => [name, found.get(tensor)!])));
  const computed = interpret(backward, new Map([...feeds, ['seed', seed]]));

  const lossAt = (name: string, element: number, delta: number) => {
    const { shape, data } = feeds.get(name)!;
    const moved = { shape, data: data.with(element, data[element]! + delta) };
    const { data: y } = interpret(forward, new Map([...feeds, [name, moved]])).get('y')!;
    return y.reduce((sum, value, i) => sum + value * seed.data[i]!, 0);
  };
  for (const [name] of names) {
    const { shape, data } = computed.get(name)!;
    expect(shape, name).toEqual(feeds.get(name)!.shape);
    data.forEach((gradient, element) => {
      const difference = (lossAt(name, element, STEP) - lossAt(name, element, -STEP)) / (2 * STEP);
      expect(Math.abs(gradient - difference), `${name}[${element}]`).toBeLessThan(TOLERANCE);
    });
  }
}

describe('gradients of operations are what finite differences give', () => {
  describe.each([
    { transposeA: false, transposeB: false },
    { transposeA: false, transposeB: true },
    { transposeA: true, transposeB: false },
    { transposeA: true, transposeB: true },
  ])('matmul %o', (options) => {
    const left = options.transposeA ? [3, 2] : [2, 3];
    const right = options.transposeB ? [4, 3] : [3, 4];

    it('of matrices', () => {
      checkGradients([param(left), param(right)], (ops, a, b) => ops.matmul(a, b, { ...options, alpha: 0.5 }));
    });

    it('of batches', () => {
      const batched = [param([2, 2, ...left], ['B', 2, ...left]), param([2, 2, ...right], ['B', 2, ...right])];
      checkGradients(batched, (ops, a, b) => ops.matmul(a, b, { ...options, alpha: -2 }));
    });
  });

  it.each([{ transposeB: false }, { transposeB: true }])('matmul of a batch and a frozen matrix, %o', (options) => {
    const right = options.transposeB ? [4, 3] : [3, 4];
    checkGradients([param([2, 5, 3], ['B', 5, 3]), fixed(right)], (ops, a, b) => ops.matmul(a, b, options));
  });

  it.each(['add', 'sub', 'mul'] as const)('%s, with either side stretched', (op) => {
    checkGradients([param([3, 4], ['T', 4]), param([3, 4], ['T', 4])], (ops, a, b) => ops[op](a, b));
    checkGradients([param([3, 4], ['T', 4]), param([3, 1], ['T', 1])], (ops, a, b) => ops[op](a, b));
    checkGradients([param([1, 4]), param([3, 4])], (ops, a, b) => ops[op](a, b));
    checkGradients([param([3, 4]), fixed([4])], (ops, a, b) => ops[op](a, b));
  });

  it('mul of a tensor with itself', () => {
    checkGradients([param([5])], (ops, x) => ops.mul(x, x));
  });

  it('scale, neg, exp', () => {
    checkGradients([param([5])], (ops, x) => ops.exp(ops.neg(ops.scale(x, 1.5))));
  });

  it('softmax', () => {
    checkGradients([param([2, 3, 4])], (ops, x) => ops.softmax(x));
  });

  it('reshape and transpose', () => {
    checkGradients([param([2, 3, 4], ['S', 3, 4])], (ops, x) =>
      ops.transpose(ops.reshape(ops.exp(x), ['3*S', 4]), [1, 0]),
    );
    checkGradients([param([2, 3, 4, 2])], (ops, x) => ops.transpose(ops.exp(x), [2, 0, 3, 1]));
  });

  it('gatherRows to a padded layout and back', () => {
    const rows = [
      param([3, 2], ['T', 2]),
      index(numbers([4], 0, 1, 2, -1), ['P']),
      index(numbers([3], 0, 1, 2), ['T']),
    ];
    checkGradients(rows, (ops, x, pad, valid) =>
      ops.gatherRows(x, pad, { zeroFill: true, inverse: { index: valid, complete: true } }),
    );
    const padded = [
      param([4, 2], ['P', 2]),
      index(numbers([3], 3, 0, 1), ['T']),
      index(numbers([4], 1, 2, -1, 0), ['P']),
    ];
    checkGradients(padded, (ops, x, valid, pad) =>
      ops.gatherRows(x, valid, { inverse: { index: pad, complete: false } }),
    );
  });

  it('rope', () => {
    const positions = fed(numbers([2, 3], 0, 1, 2, 4, 3, 1), ['B', 'S'], 'i64', false);
    const x = param([2, 2, 3, 4], ['B', 2, 'S', 4]);
    const angle = randomNumbers('angles', [5, 2]).data.map((value) => 3 * value);
    const table = (of: (value: number) => number) => fed(numbers([5, 2], ...angle.map(of)), ['M', 2], 'f32', false);
    const tables = [table(Math.cos), table(Math.sin), table((value) => -Math.sin(value))];
    checkGradients([x, positions, ...tables], (ops, y, p, cos, sin, negativeSin) =>
      ops.rope(y, p, { cos: cos, sin: sin, negativeSin: negativeSin }),
    );
  });
});

describe('gradients of composites are what finite differences give', () => {
  it('rmsNorm', () => {
    checkGradients([param([3, 5], ['T', 5]), fixed([5])], (ops, x, weight) => rmsNorm(ops, x, weight, 0.01));
  });

  it('gatedSilu, also with one side frozen', () => {
    checkGradients([param([2, 3]), param([2, 3])], (ops, gate, up) => gatedSilu(ops, gate, up));
    checkGradients([param([2, 3]), fixed([2, 3])], (ops, gate, up) => gatedSilu(ops, gate, up));
    checkGradients([fixed([2, 3]), param([2, 3])], (ops, gate, up) => gatedSilu(ops, gate, up));
  });

  it.each([1, 2, 4])('attention with %i key heads for 4 query heads', (kvHeads) => {
    const groups = 4 / kvHeads;
    const query = param([2, kvHeads, 3 * groups, 2], ['B', kvHeads, product('S', groups), 2]);
    const keys = param([2, kvHeads, 3, 2], ['B', kvHeads, 'S', 2]);
    const values = param([2, kvHeads, 3, 2], ['B', kvHeads, 'S', 2]);
    const mask = fed(numbers([3, 1, 3], 0, -1e9, -1e9, 0, 0, -1e9, 0, 0, 0), ['S', 1, 'S'], 'f32', false);
    checkGradients([query, keys, values, mask], (ops, q, k, v, m) => attention(ops, q, k, v, m));
  });

  it.each([1, 2])('causalAttention with %i query heads for a key head', (groups) => {
    const query = param([2, 2, 4 * groups, 2], ['B', 2, product('S', groups), 2]);
    const keys = param([2, 2, 4, 2], ['B', 2, 'S', 2]);
    const values = param([2, 2, 4, 2], ['B', 2, 'S', 2]);
    checkGradients([query, keys, values], (ops, q, k, v) => ops.causalAttention(q, k, v, { alpha: 0.7, block: 2 }));
  });

  it('after', () => {
    checkGradients([param([3, 2])], (ops, x) => ops.exp(ops.after(x, ops.neg(x))));
  });

  const LABELS = [0, 6, 3, 3, 1, 2, 4, 5, 6, 0];
  /** Sizes of chunks, and the labels of each. */
  const chunked = (...sizes: number[]) => {
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
    const labels = sizes.map((size, i) => {
      const of = LABELS.slice(2 * starts[i]!, 2 * (starts[i]! + size));
      return index(numbers([size, 2], ...of), [`N${i}`, 'K']);
    });
    return [fed(numbers([sizes.length], ...sizes), [sizes.length], 'i64', false), ...labels];
  };

  it('labelLogprobs of two targets per row', () => {
    const inputs = [param([5, 3], ['N', 3]), fixed([7, 3]), ...chunked(2, 1, 2)];
    checkGradients(inputs, (ops, hidden, weight, chunkSizes, ...labels) => {
      return labelLogprobs(ops, { hidden, weight, labels, chunkSizes, rows: 'N', lora: null });
    });
  });

  it('labelLogprobs with a LoRA on the output projection, some chunks empty', () => {
    const lora = [param([5, 2], ['N', 'R']), param([7, 2], [7, 'R'])];
    const inputs = [param([5, 3], ['N', 3]), fixed([7, 3]), ...lora, ...chunked(3, 0, 2, 0)];
    checkGradients(inputs, (ops, hidden, weight, ...rest) => {
      const [projected, up, chunkSizes, ...labels] = rest as [Tensor, Tensor, Tensor];
      return labelLogprobs(ops, { hidden, weight, labels, chunkSizes, rows: 'N', lora: { projected, up } });
    });
  });

  it('labelLogprobs with LoRAs of two adapters', () => {
    const lora = [param([4, 2], ['N', 'R']), param([2, 7, 2], ['A', 7, 'R'])];
    const labels = [
      index(numbers([2, 1, 2], 0, 6, 3, 3), ['A', 'Q0', 'K']),
      index(numbers([2, 1, 2], 1, 2, 4, 5), ['A', 'Q1', 'K']),
    ];
    const inputs = [
      param([4, 3], ['N', 3]),
      fixed([7, 3]),
      ...lora,
      fed(numbers([2], 2, 2), [2], 'i64', false),
      ...labels,
    ];
    checkGradients(inputs, (ops, hidden, weight, ...rest) => {
      const [projected, up, chunkSizes, ...of] = rest as [Tensor, Tensor, Tensor];
      return labelLogprobs(ops, { hidden, weight, labels: of, chunkSizes, rows: 'N', lora: { projected, up } });
    });
  });
});

describe('the backward pass', () => {
  const record = () => {
    const graph = new Graph();
    const ops = new Operations(graph);
    const x = graph.input('x', 'f32', [2], { trainable: true });
    return { graph, ops, x };
  };

  it('adds up what comes back along every way, also from several seeds', () => {
    const { graph, ops, x } = record();
    const y = ops.mul(ops.add(x, x), x);
    const z = ops.neg(x);
    const one = graph.scalar(1);
    const seeds = [y, z].map((of) => ({ of, gradient: ops.mul(graph.input(`seed${of.id}`, 'f32', [2]), one) }));
    const program = extractProgram(new Map([['dx', gradients(ops, seeds, [x]).get(x)!]]));
    const feeds = new Map([
      ['x', numbers([2], 3, 5)],
      [`seed${y.id}`, numbers([2], 1, 1)],
      [`seed${z.id}`, numbers([2], 10, 100)],
    ]);
    // d(2 x^2) = 4 x, d(-x) = -1
    expect(interpret(program, feeds).get('dx')!.data).toEqual([12 - 10, 20 - 100]);
  });

  it('says so when a parameter has no influence or an operation no rule', () => {
    const { graph, ops, x } = record();
    const seed = graph.input('seed', 'f32', [2]);
    const other = graph.input('other', 'f32', [2], { trainable: true });
    expect(() => gradients(ops, [{ of: ops.exp(x), gradient: seed }], [other])).toThrow('does not influence');
    expect(() => gradients(ops, [{ of: ops.log(x), gradient: seed }], [x])).toThrow("'log' has no gradient rule");
    const rows = ops.gatherRows(x, graph.input('i', 'i32', [2]));
    expect(() => gradients(ops, [{ of: rows, gradient: seed }], [x])).toThrow('needs the inverse index');
  });

  it('refuses to lose part of a gradient in a broadcast of another rank', () => {
    const { graph, ops, x } = record();
    const result = ops.add(graph.input('wide', 'f32', ['T', 2]), x);
    const seed = graph.input('seed', 'f32', ['T', 2]);
    expect(() => gradients(ops, [{ of: result, gradient: seed }], [x])).toThrow('gradient of a broadcast');
  });
});
