import { type Dim, factorsOf, resolveShape } from './dim.js';
import { type DType, type Node, type OpName, type Tensor } from './graph.js';

/**
 * The part of a graph that computes some named results: what an executor compiles. Cutting a recorded graph at a set of
 * tensors gives two programs that run one after the other (forward, then backward): the cut tensors are results of the
 * first and inputs of the second, and whatever the second needs but the cut does not hold is computed again.
 */
export interface Program {
  /** Fed on every run, in the order of recording. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** In an order in which they can be run. */
  readonly nodes: readonly Node[];
  readonly outputs: ReadonlyMap<string, Tensor>;
  /** Symbolic sizes that shapes of the program use. */
  readonly symbols: readonly string[];
}

/**
 * @param outputs the results by name
 * @param cut tensors that are fed, by the name they are fed under, instead of what computes them
 */
export function extractProgram(
  outputs: ReadonlyMap<string, Tensor>,
  cut: ReadonlyMap<string, Tensor> = new Map(),
): Program {
  const fed = new Map([...cut].map(([name, tensor]) => [tensor, name]));
  const inputs = new Map<string, Tensor>();
  const nodes = new Set<Node>();
  const symbols = new Set<string>();
  const stack = [...outputs.values()];
  const seen = new Set<Tensor>();
  while (stack.length > 0) {
    const tensor = stack.pop()!;
    if (seen.has(tensor)) continue;
    seen.add(tensor);
    for (const dim of tensor.shape) for (const symbol of factorsOf(dim).symbols) symbols.add(symbol);
    const name = fed.get(tensor);
    if (name !== undefined) inputs.set(name, tensor);
    else if (tensor.source.kind === 'input') inputs.set(tensor.source.name, tensor);
    else if (tensor.source.kind === 'node') {
      nodes.add(tensor.source.node);
      for (const input of tensor.source.node.inputs) stack.push(input);
    }
  }
  const inOrder = [...nodes].sort((a, b) => a.outputs[0]!.id - b.outputs[0]!.id);
  const sortedInputs = new Map([...inputs].sort(([, a], [, b]) => a.id - b.id));
  return { inputs: sortedInputs, nodes: inOrder, outputs, symbols: [...symbols].sort() };
}

const VIEWS: ReadonlySet<OpName> = new Set<OpName>(['reshape', 'identity']);

/**
 * What the later part of a program reads of its earlier part: the results that have to be kept in between for the later
 * part to repeat no work. A view stands for what it shows, since it costs nothing to make again.
 */
export function carriedTensors(program: Program, isEarlier: (tensor: Tensor) => boolean): Tensor[] {
  const carried = new Set<Tensor>();
  for (const { inputs, outputs } of program.nodes) {
    if (isEarlier(outputs[0]!)) continue;
    for (const input of inputs) {
      const viewed = withoutViews(input);
      if (viewed.source.kind === 'node' && viewed.dtype === 'f32' && isEarlier(viewed)) carried.add(viewed);
    }
  }
  return [...carried];
}

function withoutViews(tensor: Tensor): Tensor {
  const { source } = tensor;
  if (source.kind !== 'node' || !VIEWS.has(source.node.operation.op)) return tensor;
  return withoutViews(source.node.inputs[0]!);
}

/** The shapes of a program's results, given what it is fed. */
export function resultShapes(program: Program, feeds: ReadonlyMap<string, HostTensor>): Map<string, number[]> {
  const sizes = new Map<string, number>();
  const bind = (dim: Dim, size: number) => typeof dim === 'string' && !dim.includes('*') && sizes.set(dim, size);
  for (const [name, { shape }] of program.inputs) {
    const fed = feeds.get(name);
    if (!fed) throw new Error(`Input '${name}' is not fed.`);
    shape.forEach((dim, axis) => bind(dim, fed.shape[axis]!));
  }
  for (const { operation, inputs, outputs } of program.nodes) {
    const source = inputs[1]?.source;
    if (operation.op !== 'split' || source?.kind !== 'input') continue;
    const { data } = feeds.get(source.name)!;
    outputs.forEach(({ shape }, part) => bind(shape[operation.axis]!, Number(data[part])));
  }
  return new Map([...program.outputs].map(([name, { shape }]) => [name, resolveShape(shape, sizes)]));
}

/** Numbers on the host, as they go into a program and come out. */
export interface HostTensor<T extends HostData = HostData> {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: T;
}
export type HostData = Float32Array | Int32Array | BigInt64Array;

export function hostTensor<T extends HostData>(data: T, shape: readonly number[]): HostTensor<T> {
  const dtype = data instanceof Float32Array ? 'f32' : data instanceof Int32Array ? 'i32' : 'i64';
  return { dtype, shape, data };
}

/** A program made ready by an executor. The caller owns the tensors it feeds and those it gets back. */
export interface CompiledProgram {
  readonly program: Program;
  /**
   * Lets the loop turn before it begins, so that whoever makes one run after another still hears messages.
   * @param into memory for all results, of their shapes (see resultShapes), which an executor uses if it can do so; what
   *   it gives back says where the results are. The memory of a scatterRows' cache may be given for its result as well:
   *   the cache is then changed in place, or as before beside a result of its own.
   */
  run(
    feeds: ReadonlyMap<string, HostTensor>,
    into?: ReadonlyMap<string, HostTensor<Float32Array>>,
  ): Promise<ReadonlyMap<string, HostTensor<Float32Array>>>;
  release(): Promise<void>;
}
