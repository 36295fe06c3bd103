import { type Tensor as TfTensor } from '@tensorflow/tfjs';
import { type Dim, factorsOf, resolveDim, resolveShape, type Shape } from '../graph/dim.js';
import { type Tensor } from '../graph/graph.js';
import { type CompiledProgram, type HostData, type HostTensor, type Program } from '../graph/program.js';
import { type Integers, type KernelContext, runKernel, splitIntegers } from './kernels.js';
import { type Tensorflow } from './load-tensorflow.js';
import { type PlanStep, type ProgramPlan, type SymbolSite } from './program-plan.js';

type Feeds = ReadonlyMap<string, HostTensor>;

/**
 * A planned program with its weights and constants on the device. A run makes its tensors itself and frees each right
 * after its last use, or at the end, whatever happens.
 */
export class TensorflowProgram implements CompiledProgram {
  private readonly constants = new Map<Tensor, TfTensor>();
  private readonly scalars: TfTensor[] = [];
  private live = true;

  /** @param weights by name; they belong to the caller, who is told by `released` that they are of no more use here */
  constructor(
    private readonly tf: Tensorflow,
    private readonly label: string,
    readonly program: Program,
    private readonly plan: ProgramPlan,
    weights: ReadonlyMap<string, TfTensor>,
    private readonly released: () => void,
  ) {
    for (const [name, tensor] of plan.weights) this.constants.set(tensor, weights.get(name)!);
    for (const { tensor, value } of plan.scalars) {
      const scalar = tf.scalar(value, 'float32');
      this.scalars.push(scalar);
      this.constants.set(tensor, scalar);
    }
  }

  /** Once it has begun, a run does not give the thread away until its end. */
  async run(feeds: Feeds): Promise<ReadonlyMap<string, HostTensor<Float32Array>>> {
    await new Promise((resolve) => setImmediate(resolve));
    if (!this.live) throw new Error(`Program '${this.label}' has been released.`);
    const run = new Run(this.tf, this.program, this.plan, this.constants);
    try {
      run.feed(feeds);
      for (const step of this.plan.steps) run.step(step);
      return run.results(feeds);
    } finally {
      run.dispose();
    }
  }

  async release(): Promise<void> {
    if (!this.live) return;
    this.live = false;
    for (const scalar of this.scalars) scalar.dispose();
    this.released();
  }
}

/** The tensors of one run. */
class Run {
  private readonly floats = new Map<Tensor, TfTensor>();
  private readonly integers = new Map<Tensor, Integers>();
  private readonly sizes = new Map<string, number>();
  private readonly shared = new Map<Integers, Map<TfTensor, TfTensor>>();

  constructor(
    private readonly tf: Tensorflow,
    private readonly program: Program,
    private readonly plan: ProgramPlan,
    private readonly constants: ReadonlyMap<Tensor, TfTensor>,
  ) {}

  feed(feeds: Feeds): void {
    const { inputs } = this.program;
    for (const [name, tensor] of inputs) {
      const value = feeds.get(name);
      if (!value) throw new Error(`Input '${name}' is not fed.`);
      if (value.dtype !== tensor.dtype || value.shape.length !== tensor.shape.length) throw unfit(name, tensor, value);
      if (value.data instanceof Float32Array) {
        this.floats.set(tensor, this.tf.tensor(value.data, [...value.shape], 'float32'));
      } else this.integers.set(tensor, { shape: value.shape, data: toInt32(value.data) });
    }
    this.bind(this.plan.inputSizes);
    for (const [name, tensor] of inputs) {
      const fits = this.shapeOf(tensor).every((size, axis) => size === (this.sizeOf(tensor.shape[axis]!) ?? size));
      if (!fits) throw unfit(name, tensor, feeds.get(name)!);
    }
  }

  step({ node, lastUsed, sizes }: PlanStep): void {
    const { operation, inputs, outputs } = node;
    if (operation.op === 'split' && outputs[0]!.dtype !== 'f32') {
      const parts = splitIntegers(this.integersOf(inputs[0]!), [...this.integersOf(inputs[1]!).data], operation.axis);
      parts.forEach((part, i) => this.integers.set(outputs[i]!, part));
    } else {
      const context: KernelContext = {
        count: inputs.length,
        float: (input) => this.float(inputs[input]!),
        integers: (input) => this.integersOf(inputs[input]!),
        resolve: (shape) => this.resolve(shape),
        once: (of, and, make) => this.once(of, and, make),
      };
      const results = this.tf.tidy(() => runKernel(this.tf, operation, context));
      results.forEach((result, i) => this.floats.set(outputs[i]!, result));
    }
    this.bind(sizes);
    for (const tensor of lastUsed) {
      this.floats.get(tensor)?.dispose();
      this.floats.delete(tensor);
      this.integers.delete(tensor);
    }
  }

  results(feeds: Feeds): Map<string, HostTensor<Float32Array>> {
    const fed = new Set([...feeds.values()].map(({ data }) => data.buffer));
    return new Map(
      [...this.program.outputs].map(([name, tensor]) => {
        const value = this.float(tensor);
        const data = value.dataSync<'float32'>();
        // A tensor that was only passed on may still hold the array that it was fed from.
        return [name, { dtype: 'f32', shape: value.shape, data: fed.has(data.buffer) ? data.slice() : data }];
      }),
    );
  }

  dispose(): void {
    for (const tensor of this.floats.values()) tensor.dispose();
    for (const tensors of this.shared.values()) for (const tensor of tensors.values()) tensor.dispose();
  }

  private float(tensor: Tensor): TfTensor {
    const value = this.floats.get(tensor) ?? this.constants.get(tensor);
    if (!value) throw new Error(`Tensor ${tensor.id} is read before it is made.`);
    return value;
  }

  private integersOf(tensor: Tensor): Integers {
    const value = this.integers.get(tensor);
    if (!value) throw new Error(`Integers ${tensor.id} are read before they are made.`);
    return value;
  }

  private once(of: Integers, and: TfTensor, make: () => TfTensor): TfTensor {
    const made = this.shared.get(of) ?? new Map<TfTensor, TfTensor>();
    this.shared.set(of, made);
    const tensor = made.get(and) ?? this.tf.keep(make());
    made.set(and, tensor);
    return tensor;
  }

  private bind(sites: readonly SymbolSite[]): void {
    for (const { symbol, tensor, axis } of sites) this.sizes.set(symbol, this.shapeOf(tensor)[axis]!);
  }

  private shapeOf(tensor: Tensor): readonly number[] {
    return tensor.dtype === 'f32' ? this.float(tensor).shape : this.integersOf(tensor).shape;
  }

  private resolve(shape: Shape): number[] {
    return resolveShape(shape, this.sizes);
  }

  /** Undefined for a symbol that is bound only later (a part of a split). */
  private sizeOf(dim: Dim): number | undefined {
    return factorsOf(dim).symbols.every((symbol) => this.sizes.has(symbol)) ? resolveDim(dim, this.sizes) : undefined;
  }
}

function toInt32(data: Exclude<HostData, Float32Array>): Int32Array {
  return data instanceof Int32Array ? data : Int32Array.from(data, Number);
}

function unfit(name: string, tensor: Tensor, value: HostTensor): Error {
  const expected = `${tensor.dtype} [${tensor.shape.join(', ')}]`;
  return new Error(`Input '${name}' is ${value.dtype} [${value.shape.join(', ')}], the program needs ${expected}.`);
}
