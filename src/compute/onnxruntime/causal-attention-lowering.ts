import { type Dim, factorsOf } from '../graph/dim.js';
import { type Node, type Operation } from '../graph/graph.js';
import { ONNX_BOOL, ONNX_FLOAT, ONNX_INT64, OnnxWriter } from './onnx-writer.js';

/** What the lowering of a whole program lends. */
export interface Declarations {
  /** Calls `declare` for the first use of a name in the model. */
  once(name: string, declare: () => void): void;
  /** Name of a constant. */
  integers(values: readonly number[]): string;
  /** Name of the value of a size, int64 [1]. */
  size(dim: Dim): string;
}

type AttentionOperation = Extract<Operation, { op: 'causalAttention' | 'causalAttentionGradients' }>;

/** Added to scores of positions that must not be seen; exp of it is exactly 0. */
const MASKED = -1e9;

/** Names that both passes over the blocks use, and sizes. */
interface Blocks {
  readonly alpha: number;
  /** Positions of a block, and rows of its queries. */
  readonly positions: number;
  readonly rows: number;
  /** [B, heads, S, D] */
  readonly shape: readonly [Dim, number, Dim, number];
  readonly query: string;
  readonly keys: string;
  readonly values: string;
  /** [rows, S]: its last columns mask the block of queries against the keys up to its end. */
  readonly mask: string;
  /** int64 [1]: S and how many blocks there are. */
  readonly length: string;
  readonly count: string;
}

/**
 * Attention in blocks of queries as a Loop: onnxruntime computes as many blocks as the sequences are long, from one
 * description. Its body slices the block's queries and the keys up to its end.
 */
export class CausalAttentionLowering {
  constructor(
    private readonly writer: OnnxWriter,
    private readonly declare: Declarations,
  ) {}

  lower(operation: AttentionOperation, node: Node, inputs: readonly string[], outputs: readonly string[]): void {
    const blocks = this.blocks(operation, node, inputs);
    if (operation.op === 'causalAttention') this.forward(blocks, outputs[0]!);
    else this.backward(blocks, inputs, outputs as [string, string, string]);
  }

  private blocks({ alpha, block }: AttentionOperation, node: Node, inputs: readonly string[]): Blocks {
    const [query, keys, values] = inputs as [string, string, string];
    const shape = node.inputs[1]!.shape as readonly [Dim, number, Dim, number];
    const groups = factorsOf(node.inputs[0]!.shape[2]!).factor / factorsOf(shape[2]).factor;
    const length = this.declare.size(shape[2]);
    const rows = block * groups;
    const name = `blocks.${block}.${shape[2]}`;
    const count = `${name}.count`;
    this.declare.once(name, () => this.writer.node('Div', [length, this.declare.integers([block])], [count]));
    const mask = this.mask(`${name}.${groups}`, { block, groups, length });
    return { alpha, positions: block, rows, shape, query, keys, values, mask, length, count };
  }

  /** Zeros for all keys but those of the block itself, of which a position sees none behind its own. */
  private mask(name: string, { block, groups, length }: { block: number; groups: number; length: string }): string {
    const rows = block * groups;
    this.declare.once(`${name}.mask`, () => {
      const own = new Float32Array(rows * block);
      for (let row = 0; row < rows; row++)
        own.fill(MASKED, row * block + Math.floor(row / groups) + 1, (row + 1) * block);
      this.writer.floats(`${name}.own`, [rows, block], own);
      this.writer.node('Sub', [length, this.declare.integers([block])], [`${name}.before`]);
      this.writer.node('Concat', [this.declare.integers([rows]), `${name}.before`], [`${name}.shape`], { axis: 0 });
      this.writer.node('ConstantOfShape', [`${name}.shape`], [`${name}.seen`]);
      this.writer.node('Concat', [`${name}.seen`, `${name}.own`], [`${name}.mask`], { axis: 1 });
    });
    return `${name}.mask`;
  }

  private forward(blocks: Blocks, output: string): void {
    const body = new LoopBody(output, this.declare);
    const { weights, values } = body.weights(blocks);
    body.matmul([weights, values], 'context');
    body.finish([], ['context']);
    this.writer.node('Loop', [blocks.count, ''], [`${output}.blocks`], { body: body.writer });
    this.join(`${output}.blocks`, output, blocks);
  }

  private backward(blocks: Blocks, inputs: readonly string[], [ofQuery, ofKeys, ofValues]: [string, string, string]) {
    const [context, gradient] = inputs.slice(3) as [string, string];
    const { keys, shape, positions } = blocks;
    const none = `${ofKeys}.none`;
    this.writer.node('Slice', [keys, ...[0, 0, 2].map((n) => this.declare.integers([n]))], [none]);
    const zeros = `blocks.${positions}.${shape.join('x')}.zeros`;
    this.declare.once(zeros, () => {
      const sizes = [this.declare.size(shape[0]), this.declare.integers([shape[1], positions, shape[3]])];
      this.writer.node('Concat', sizes, [`${zeros}.shape`], { axis: 0 });
      this.writer.node('ConstantOfShape', [`${zeros}.shape`], [zeros]);
    });

    const body = new LoopBody(ofQuery, this.declare);
    body.gradients(blocks, context, gradient);
    body.accumulate('ofKeys', zeros);
    body.accumulate('ofValues', zeros);
    body.finish(['ofKeys', 'ofValues'], ['ofQuery']);
    this.writer.node('Loop', [blocks.count, '', none, none], [ofKeys, ofValues, `${ofQuery}.blocks`], {
      body: body.writer,
    });
    this.join(`${ofQuery}.blocks`, ofQuery, blocks);
  }

  /** [blocks, B, heads, rows, D] -> [B, heads, S * G, D] */
  private join(parts: string, output: string, { shape }: Blocks): void {
    this.writer.node('Transpose', [parts], [`${parts}.inside`], { perm: [1, 2, 0, 3, 4] });
    const joined = this.declare.integers([0, shape[1], -1, shape[3]]);
    this.writer.node('Reshape', [`${parts}.inside`, joined], [output]);
  }
}

/** One block of queries: what the Loop repeats. Names inside it begin with that of the result. */
class LoopBody {
  readonly writer = new OnnxWriter();

  constructor(
    private readonly prefix: string,
    private readonly declare: Declarations,
  ) {
    this.writer.input(this.name('index'), ONNX_INT64, []);
    this.writer.input(this.name('go'), ONNX_BOOL, []);
  }

  /** Probabilities of the block's rows over the keys that they may see, [B, heads, rows, keys], and the values of these. */
  weights({ alpha, positions, rows, query, keys, values, mask, length }: Blocks): { weights: string; values: string } {
    const { writer } = this;
    const constant = (value: number) => this.declare.integers([value]);
    writer.node('Mul', [this.name('index'), constant(rows)], [this.name('firstRow')]);
    writer.node('Add', [this.name('firstRow'), constant(rows)], [this.name('endRow')]);
    writer.node('Mul', [this.name('index'), constant(positions)], [this.name('first')]);
    writer.node('Add', [this.name('first'), constant(positions)], [this.name('end')]);
    writer.node('Sub', [length, this.name('end')], [this.name('hidden')]);
    this.ownRows(query, 'query');
    for (const [of, name] of [[keys, 'keys'] as const, [values, 'values'] as const]) {
      writer.node('Slice', [of, constant(0), this.name('end'), constant(2)], [this.name(name)]);
    }
    writer.node('Slice', [mask, this.name('hidden'), length, constant(1)], [this.name('mask')]);
    this.matmul(['query', 'keys'], 'raw', { transB: 1, alpha });
    writer.node('Add', [this.name('raw'), this.name('mask')], [this.name('scores')]);
    writer.node('Softmax', [this.name('scores')], [this.name('weights')], { axis: -1 });
    return { weights: 'weights', values: 'values' };
  }

  /** What the block gives to the gradients of its queries and of the keys and values that it sees. */
  gradients(blocks: Blocks, context: string, gradient: string): void {
    const { writer } = this;
    const { alpha } = blocks;
    this.weights(blocks);
    this.ownRows(context, 'context');
    this.ownRows(gradient, 'gradient');
    this.matmul(['weights', 'gradient'], 'ofValues.part', { transA: 1 });
    // sum_j p_j dp_j = sum_d dctx_d ctx_d: one row sum over D instead of one over the keys.
    writer.node('Mul', [this.name('gradient'), this.name('context')], [this.name('products')]);
    writer.node('ReduceSum', [this.name('products'), this.declare.integers([3])], [this.name('inner')], {
      keepdims: 1,
    });
    this.matmul(['gradient', 'values'], 'ofWeights', { transB: 1 });
    writer.node('Sub', [this.name('ofWeights'), this.name('inner')], [this.name('centred')]);
    writer.node('Mul', [this.name('weights'), this.name('centred')], [this.name('ofScores')]);
    this.matmul(['ofScores', 'keys'], 'ofQuery', { alpha });
    this.matmul(['ofScores', 'query'], 'ofKeys.part', { transA: 1, alpha });
  }

  /** Adds what the block gives to the sum so far, which reaches to the keys of the block before. */
  accumulate(name: string, zeros: string): void {
    this.writer.node('Concat', [this.name(`${name}.before`), zeros], [this.name(`${name}.longer`)], { axis: 2 });
    this.writer.node('Add', [this.name(`${name}.part`), this.name(`${name}.longer`)], [this.name(name)]);
  }

  finish(sums: readonly string[], perBlock: readonly string[]): void {
    for (const sum of sums) this.writer.input(this.name(`${sum}.before`), ONNX_FLOAT);
    this.writer.node('Identity', [this.name('go')], [this.name('goOn')]);
    this.writer.output(this.name('goOn'), ONNX_BOOL, []);
    for (const result of [...sums, ...perBlock]) this.writer.output(this.name(result), ONNX_FLOAT);
  }

  matmul(
    [a, b]: readonly [string, string],
    result: string,
    { transA = 0, transB = 0, alpha = 1 }: { transA?: number; transB?: number; alpha?: number } = {},
  ): void {
    const attributes = { transA, transB, alpha: { float: alpha } };
    this.writer.node('FusedMatMul', [this.name(a), this.name(b)], [this.name(result)], attributes, { microsoft: true });
  }

  private ownRows(of: string, name: string): void {
    const range = [this.name('firstRow'), this.name('endRow'), this.declare.integers([2])];
    this.writer.node('Slice', [of, ...range], [this.name(name)]);
  }

  private name(name: string): string {
    return `${this.prefix}/${name}`;
  }
}
