import { factorsOf, sameShape, type Shape } from '../graph/dim.js';
import { type DType, type Node, type OpName, type Operation, type Tensor } from '../graph/graph.js';
import { type Program } from '../graph/program.js';
import { CausalAttentionLowering } from './causal-attention-lowering.js';
import { afterInOrder } from './results-in-order.js';
import { ONNX_FLOAT, ONNX_INT32, ONNX_INT64, OnnxWriter } from './onnx-writer.js';

/**
 * Turns a program into an ONNX model for onnxruntime: one operator per operation, and a few joined ones that spare passes
 * over memory (a product and the addition after it become one Gemm). Weights stay in their file.
 */
export interface WeightLocation {
  readonly file: string;
  readonly byteOffset: number;
  readonly shape: readonly number[];
  /** See ExternalData. */
  readonly packs?: readonly string[];
}

export interface LoweredProgram {
  readonly model: Uint8Array;
  /** Symbols whose values must be fed, as int64 [1] tensors named by symbolInput(). */
  readonly symbolInputs: readonly string[];
}

export const symbolInput = (symbol: string) => `size.${symbol}`;

/**
 * A result of every model before all others, for OnnxRuntimeExecutor: a sequence, which onnxruntime-node cannot give
 * to JavaScript.
 */
export const SEQUENCE_OUTPUT = 'sequence';

/** What a program does with a weight: multiply by it, or take rows of it. */
export type WeightUse = 'factor' | 'rows';

export type LocateWeight = (weight: string, use: WeightUse) => WeightLocation;

export function lowerProgram(program: Program, locate: LocateWeight): LoweredProgram {
  return new Lowering(program, locate).run();
}

const ONNX_TYPES: Record<DType, number> = { f32: ONNX_FLOAT, i32: ONNX_INT32, i64: ONNX_INT64 };

/** Operations that are one ONNX operator without attributes. */
const PLAIN: Partial<Record<OpName, string>> = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  minimum: 'Min',
  maximum: 'Max',
  exp: 'Exp',
  sigmoid: 'Sigmoid',
  neg: 'Neg',
  scatterRows: 'ScatterND',
  identity: 'Identity',
};

type MatmulOperation = Extract<Operation, { op: 'matmul' }>;

function productAttributes({ transposeA, transposeB, alpha }: MatmulOperation) {
  return { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: alpha } };
}

class Lowering {
  private readonly writer = new OnnxWriter();
  private readonly declared = new Set<string>();
  private readonly fedSymbols = new Set<string>();
  private readonly fed: Map<Tensor, string>;
  private readonly named: Map<Tensor, string>;
  private readonly uses = new Map<Tensor, number>();
  /** Products that are written as part of the addition that uses them. */
  private readonly joined = new Map<Node, Node>();
  private readonly absorbed = new Set<Node>();

  private readonly attention = new CausalAttentionLowering(this.writer, {
    once: (name, declare) => this.once(name, declare),
    integers: (values) => this.integers(values),
    size: (dim) => (typeof dim === 'number' ? this.integers([dim]) : this.symbol(dim)),
  });

  constructor(
    private readonly program: Program,
    private readonly locate: LocateWeight,
  ) {
    this.fed = new Map([...program.inputs].map(([name, tensor]) => [tensor, name]));
    this.named = new Map([...program.outputs].map(([name, tensor]) => [tensor, name]));
    for (const node of program.nodes) for (const input of node.inputs) this.count(input);
    for (const tensor of program.outputs.values()) this.count(tensor);
    for (const node of program.nodes) this.planJoin(node);
  }

  run(): LoweredProgram {
    const { writer, program } = this;
    for (const [name, tensor] of program.inputs) writer.input(name, ONNX_TYPES[tensor.dtype], tensor.shape);
    for (const node of program.nodes) if (!this.absorbed.has(node)) this.lower(node);
    writer.floats('one', [1], Float32Array.of(1));
    const computesAgain = program.nodes.some(({ operation }) => operation.op === 'after');
    writer.node(
      'SequenceConstruct',
      [computesAgain ? afterInOrder(writer, 'one', this.resultNames()) : 'one'],
      [SEQUENCE_OUTPUT],
    );
    writer.outputSequence(SEQUENCE_OUTPUT, ONNX_FLOAT, [1]);
    for (const [name, tensor] of program.outputs) {
      if (this.name(tensor) !== name) writer.node('Identity', [this.name(tensor)], [name]);
      writer.output(name, ONNX_TYPES[tensor.dtype], tensor.shape);
    }
    for (const symbol of this.fedSymbols) writer.input(symbolInput(symbol), ONNX_INT64, [1]);
    return { model: writer.finish(), symbolInputs: [...this.fedSymbols] };
  }

  /** Of what is computed, in the order of recording. */
  private resultNames(): string[] {
    const results = [...new Set(this.program.outputs.values())].sort((a, b) => a.id - b.id);
    return results.filter(({ source }) => source.kind === 'node').map((tensor) => this.name(tensor));
  }

  private count(tensor: Tensor): void {
    this.uses.set(tensor, (this.uses.get(tensor) ?? 0) + 1);
  }

  /**
   * a b + c with a b used nowhere else is one Gemm, which adds while it writes. It rounds otherwise than a product and an
   * addition, so only the left side of an addition is joined: whatever c is, a b is then computed in the same way.
   */
  private planJoin(node: Node): void {
    if (node.operation.op !== 'add') return;
    const [product, addend] = node.inputs as [Tensor, Tensor];
    const { source } = product;
    if (source.kind !== 'node' || source.node.operation.op !== 'matmul' || this.fed.has(product)) return;
    const fits = sameShape(addend.shape, product.shape) || (addend.shape.length === 1 && product.shape.length === 2);
    if (product.shape.length !== 2 || !fits || this.uses.get(product) !== 1) return;
    this.joined.set(node, source.node);
    this.absorbed.add(source.node);
  }

  private lower(node: Node): void {
    const { operation } = node;
    const inputs = node.inputs.map((input) => this.name(input));
    const outputs = node.outputs.map((output) => this.name(output));
    const product = this.joined.get(node);
    if (product) return this.gemm(product, node, outputs);
    const plain = PLAIN[operation.op];
    if (plain) this.writer.node(plain, inputs, outputs);
    else this.lowerSpecial(operation, node, inputs, outputs);
  }

  private gemm(product: Node, addition: Node, outputs: string[]): void {
    const addend = addition.inputs.find((input) => input !== product.outputs[0])!;
    const inputs = [...product.inputs, addend].map((input) => this.name(input));
    this.writer.node('Gemm', inputs, outputs, productAttributes(product.operation as MatmulOperation));
  }

  private lowerSpecial(operation: Operation, node: Node, inputs: string[], outputs: string[]): void {
    const { writer } = this;
    switch (operation.op) {
      case 'matmul':
        return writer.node('FusedMatMul', inputs, outputs, productAttributes(operation), { microsoft: true });
      case 'greater':
        writer.node('Greater', inputs, [`${outputs[0]}.bool`]);
        return writer.node('Cast', [`${outputs[0]}.bool`], outputs, { to: ONNX_FLOAT });
      case 'log':
        return this.log(inputs, outputs);
      case 'softmax':
        return writer.node('Softmax', inputs, outputs, { axis: -1 });
      case 'reduceSum':
      case 'reduceMean':
      case 'reduceMax': {
        const op = { reduceSum: 'ReduceSum', reduceMean: 'ReduceMean', reduceMax: 'ReduceMax' }[operation.op];
        return writer.node(op, [...inputs, this.integers([operation.axis])], outputs, { keepdims: 1 });
      }
      case 'reshape':
        return this.reshape(node.inputs[0]!.shape, operation.shape, inputs[0]!, outputs);
      case 'transpose':
        return writer.node('Transpose', inputs, outputs, { perm: operation.permutation });
      case 'concat':
        return writer.node('Concat', inputs, outputs, { axis: operation.axis });
      case 'split':
        return writer.node('Split', inputs, outputs, { axis: operation.axis });
      case 'gatherRows':
        return this.gatherRows(operation.zeroFill, node, inputs, outputs);
      case 'gatherLast':
        return writer.node('GatherElements', inputs, outputs, { axis: -1 });
      case 'oneHot':
        return this.oneHot(operation.depth, inputs, outputs);
      case 'causalAttention':
      case 'causalAttentionGradients':
        return this.attention.lower(operation, node, inputs, outputs);
      case 'after':
        // A reshape to its own shape copies nothing; what it waits for is read for its shape alone.
        return this.after(inputs, outputs);
      case 'rope':
        return writer.node('RotaryEmbedding', inputs, outputs, {}, { microsoft: true });
      case 'rmsNorm':
        return writer.node('SimplifiedLayerNormalization', inputs, outputs, {
          axis: -1,
          epsilon: { float: operation.epsilon },
          stash_type: 1,
        });
      default:
        throw new Error(`No lowering for operation '${operation.op}'.`);
    }
  }

  private after([x, other]: string[], outputs: string[]): void {
    const rows = `${outputs[0]}.rows`;
    this.writer.node('Shape', [x!], [`${outputs[0]}.shape`]);
    this.writer.node('Shape', [other!], [rows], { start: 0, end: 0 });
    this.writer.node('Concat', [`${outputs[0]}.shape`, rows], [`${outputs[0]}.same`], { axis: 0 });
    this.writer.node('Reshape', [x!, `${outputs[0]}.same`], outputs);
  }

  /**
   * 'Log' takes numbers in packets and what is left over one by one, which rounds otherwise in a quarter of the cases: the
   * log of a row would depend on how many rows there are. The log of a sum of one number is always taken alone.
   */
  private log(inputs: string[], outputs: string[]): void {
    const last = this.integers([-1]);
    this.writer.node('Unsqueeze', [inputs[0]!, last], [`${outputs[0]}.single`]);
    this.writer.node('ReduceLogSum', [`${outputs[0]}.single`, last], outputs, { keepdims: 0 });
  }

  /** ONNX reads index -1 as the last row, so zero rows come from one row of zeros joined at the end. */
  private gatherRows(zeroFill: boolean, node: Node, inputs: string[], outputs: string[]): void {
    if (!zeroFill) return this.writer.node('Gather', [this.rowsOf(node.inputs[0]!), inputs[1]!], outputs);
    const row = node.inputs[0]!.shape.slice(1) as readonly number[];
    const zeros = `zeros.${row.join('x')}`;
    const size = row.reduce((product, dim) => product * dim, 1);
    this.once(zeros, () => this.writer.floats(zeros, [1, ...row], new Float32Array(size)));
    this.writer.node('Concat', [inputs[0]!, zeros], [`${outputs[0]}.filled`], { axis: 0 });
    this.writer.node('Gather', [`${outputs[0]}.filled`, inputs[1]!], outputs);
  }

  /**
   * A weight that rows are taken from is declared apart from the same weight as a factor (tied embeddings): that one is
   * read whole when it is packed, and of this one only the pages of rows that somebody asks for come into memory.
   */
  private rowsOf(tensor: Tensor): string {
    const { source } = tensor;
    if (source.kind !== 'weight') return this.name(tensor);
    const name = `${source.name}.rows`;
    this.once(name, () => this.declareWeight(name, this.locate(source.name, 'rows'), tensor.shape));
    return name;
  }

  private oneHot(depth: number, inputs: string[], outputs: string[]): void {
    this.once('oneHot.values', () => this.writer.floats('oneHot.values', [2], Float32Array.of(0, 1)));
    this.writer.node('Cast', inputs, [`${outputs[0]}.index`], { to: ONNX_INT64 });
    this.writer.node('OneHot', [`${outputs[0]}.index`, this.integers([depth]), 'oneHot.values'], outputs, { axis: -1 });
  }

  /** The name under which a tensor's value is known in the model; declares weights and constants on first use. */
  private name(tensor: Tensor): string {
    const fed = this.fed.get(tensor);
    if (fed !== undefined) return fed;
    const { source } = tensor;
    if (source.kind === 'scalar') {
      const name = `scalar.${source.value}`;
      this.once(name, () => this.writer.floats(name, [], Float32Array.of(source.value)));
      return name;
    }
    if (source.kind === 'weight') {
      this.once(source.name, () => this.declareWeight(source.name, this.locate(source.name, 'factor'), tensor.shape));
      return source.name;
    }
    return this.named.get(tensor) ?? `t${tensor.id}`;
  }

  private declareWeight(name: string, { shape: stored, ...location }: WeightLocation, shape: Shape): void {
    if (!sameShape(shape, stored)) {
      throw new Error(`Weight '${name}' has shape [${stored.join(', ')}], the model needs [${shape.join(', ')}].`);
    }
    const size = stored.reduce((product, dim) => product * dim, 1);
    this.writer.external(name, stored, { ...location, bytes: size * Float32Array.BYTES_PER_ELEMENT });
  }

  private integers(values: readonly number[]): string {
    const name = `integers.${values.join('_')}`;
    this.once(name, () => this.writer.int64s(name, [values.length], values));
    return name;
  }

  /**
   * In the shape operand 0 copies the input's size on that axis and -1 is inferred, which settles most shapes; the others
   * are put together at run time from the fed symbols, where 0 is a size like any other.
   */
  private reshape(from: Shape, to: Shape, input: string, outputs: string[]): void {
    const plan = to.map((dim, axis) => (typeof dim === 'number' ? dim : dim === from[axis] ? 0 : -1));
    if (plan.filter((dim) => dim === -1).length <= 1) {
      return this.writer.node('Reshape', [input, this.integers(plan)], outputs);
    }
    const name = `shape.${to.join('_')}`;
    this.once(name, () => {
      const parts = to.map((dim) => (typeof dim === 'string' ? this.symbol(dim) : this.integers([dim])));
      this.writer.node('Concat', parts, [name], { axis: 0 });
    });
    this.writer.node('Reshape', [input, name], outputs, { allowzero: 1 });
  }

  /** The runtime value of a symbolic size as an int64 [1] tensor. */
  private symbol(dim: string): string {
    const { factor, symbols } = factorsOf(dim);
    for (const symbol of symbols) this.fedSymbols.add(symbol);
    const factors = [...(factor === 1 ? [] : [this.integers([factor])]), ...symbols.map(symbolInput)];
    return factors.reduce((left, right) => {
      const name = `${left}*${right}`;
      this.once(name, () => this.writer.node('Mul', [left, right], [name]));
      return name;
    });
  }

  private once(name: string, declare: () => void): void {
    if (this.declared.has(name)) return;
    this.declared.add(name);
    declare();
  }
}
