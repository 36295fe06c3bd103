import { type Shape } from './dim.js';

/**
 * A recorded computation: tensors and the operations that make them. No numbers flow here; an executor compiles a graph
 * and runs it. Tensors are immutable and made in topological order, so a tensor's id is larger than those of everything
 * it depends on.
 *
 * Gradients: every differentiable operation leaves a rule on its result that says how a gradient of the result becomes
 * gradients of its inputs (see gradients.ts). Only what depends on a `trainable` input carries rules.
 */
export type DType = 'f32' | 'i32' | 'i64';

/** One operation and its attributes. Shapes are checked where the operations are recorded (operations.ts). */
export type Operation =
  /** Batched a b, each optionally transposed in its last two axes, times alpha. */
  | { readonly op: 'matmul'; readonly transposeA: boolean; readonly transposeB: boolean; readonly alpha: number }
  | { readonly op: 'add' | 'sub' | 'mul' | 'minimum' | 'maximum' }
  /** 1 where a > b, else 0. */
  | { readonly op: 'greater' }
  | { readonly op: 'exp' | 'log' | 'sigmoid' | 'neg' }
  /** Over the last axis. */
  | { readonly op: 'softmax' }
  | { readonly op: 'reduceSum' | 'reduceMean' | 'reduceMax'; readonly axis: number }
  | { readonly op: 'reshape'; readonly shape: Shape }
  | { readonly op: 'transpose'; readonly permutation: readonly number[] }
  | { readonly op: 'concat'; readonly axis: number }
  /** Parts along an axis; their sizes are the second input. */
  | { readonly op: 'split'; readonly axis: number; readonly parts: number }
  /** Rows of the first input by index along axis 0; with zeroFill an index of -1 gives a row of zeros. */
  | { readonly op: 'gatherRows'; readonly zeroFill: boolean }
  /** Numbers of the first input [..., V] by index [..., K] along the last axis. */
  | { readonly op: 'gatherLast' }
  /** The input itself, as a node that gradients are accumulated at. */
  | { readonly op: 'identity' }
  /** The first input [B, C, P, D] with rows [N, C, D], the third input, written at [N, C, 3], the second. */
  | { readonly op: 'scatterRows' }
  | { readonly op: 'oneHot'; readonly depth: number }
  /** See Operations.causalAttention(); `block` positions of queries are computed at a time. */
  | { readonly op: 'causalAttention' | 'causalAttentionGradients'; readonly alpha: number; readonly block: number }
  /** The first input, once the others are computed. */
  | { readonly op: 'after' }
  /** Rotary position embedding of x [B, heads, S, D] at positions [B, S] with tables cos, sin [positions, D/2]. */
  | { readonly op: 'rope' }
  /** Two results: x / rms(x) * weight, and 1 / rms(x) with the last axis 1. */
  | { readonly op: 'rmsNorm'; readonly epsilon: number };

export type OpName = Operation['op'];

export type Source =
  | { readonly kind: 'input'; readonly name: string }
  /** A frozen parameter of the base model by its name in the checkpoint. */
  | { readonly kind: 'weight'; readonly name: string }
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'node'; readonly node: Node };

/** Gradients of a node's inputs, in order; null where none is needed. */
export type GradientRule = (gradient: Tensor) => readonly { readonly of: Tensor; readonly gradient: Tensor }[];

export interface Tensor {
  readonly id: number;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly source: Source;
  /** Depends on a trainable input. */
  readonly trainable: boolean;
  /** How a gradient of this tensor is passed on; may be replaced by a composite that knows a better way. */
  gradientRule: GradientRule | null;
  /**
   * Records it a second time, to be computed after the given tensor: for what takes less time to compute than memory to
   * keep until the backward. Null for most.
   */
  again: ((after: Tensor) => Tensor) | null;
}

export interface Node {
  readonly operation: Operation;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** Records tensors. Operations are functions in operations.ts that take the graph's tensors. */
export class Graph {
  private nextId = 0;
  private readonly inputsByName = new Map<string, Tensor>();
  private readonly weightsByName = new Map<string, Tensor>();
  private readonly scalars = new Map<number, Tensor>();

  /** The ids of the tensors recorded so far are all below it. */
  get tensorCount(): number {
    return this.nextId;
  }

  /** A tensor that is fed on every run. */
  input(name: string, dtype: DType, shape: Shape, options: { trainable?: boolean } = {}): Tensor {
    if (this.inputsByName.has(name)) throw new Error(`Input '${name}' is declared twice.`);
    const tensor = this.tensor(dtype, shape, { kind: 'input', name }, options.trainable ?? false);
    this.inputsByName.set(name, tensor);
    return tensor;
  }

  weight(name: string, shape: readonly number[]): Tensor {
    const known = this.weightsByName.get(name);
    if (known) return known;
    const tensor = this.tensor('f32', shape, { kind: 'weight', name }, false);
    this.weightsByName.set(name, tensor);
    return tensor;
  }

  scalar(value: number): Tensor {
    const known = this.scalars.get(value);
    if (known) return known;
    const tensor = this.tensor('f32', [], { kind: 'scalar', value }, false);
    this.scalars.set(value, tensor);
    return tensor;
  }

  /** Records an operation; `shapes` are those of its results. */
  node(
    operation: Operation,
    inputs: readonly Tensor[],
    shapes: readonly Shape[],
    dtype: DType = inputs[0]!.dtype,
  ): readonly Tensor[] {
    const outputs: Tensor[] = [];
    const node: Node = { operation, inputs, outputs };
    const trainable = inputs.some((input) => input.trainable);
    for (const shape of shapes) outputs.push(this.tensor(dtype, shape, { kind: 'node', node }, trainable));
    return outputs;
  }

  private tensor(dtype: DType, shape: Shape, source: Source, trainable: boolean): Tensor {
    return { id: this.nextId++, dtype, shape, source, trainable, gradientRule: null, again: null };
  }
}
