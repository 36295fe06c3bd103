import { type LossInputs } from '../../domain/loss.js';
import { type RaggedTensor, rowWidth } from '../../domain/ragged-tensor.js';
import { type LossConfig, requiredInput, TARGET_TOKENS } from '../loss-function.js';
import { type LossProgram, type Operation, type Shape, type Step } from './loss-program.js';
import { type Segments } from './reductions.js';

/** The numbers that a loss is evaluated on. */
export interface LossBatch {
  /** Shaped like target_tokens, [N] or [N, K]; null for what needs no log-probs (masks). */
  readonly logprobs: RaggedTensor<Float32Array> | null;
  readonly inputs: LossInputs;
  readonly config: LossConfig;
}

/**
 * One evaluation of a program: a tape of values, which can be walked back for the gradient. All arithmetic is float64.
 * Tokens that don't count are left out from the start, so their log-probs may be NaN.
 */
export class LossEvaluation {
  private readonly values: (Float64Array | undefined)[];
  /** For each token that counts: its index in the arrays of the batch, and its datum. */
  private readonly tokens: Int32Array;
  private readonly datumOf: Int32Array;
  private readonly datumCount: number;
  private readonly positionCount: number;
  private readonly groups = new Map<number, Segments>();

  /** `counts[i]` tells whether number i of target_tokens counts; all of them where it is left out. */
  constructor(
    private readonly program: LossProgram,
    private readonly batch: LossBatch,
    counts?: Uint8Array,
  ) {
    const targets = requiredInput(batch.inputs, TARGET_TOKENS.name);
    const width = rowWidth(targets);
    this.values = new Array<Float64Array | undefined>(program.steps.length);
    this.positionCount = targets.data.length / width;
    this.datumCount = targets.offsets.length - 1;
    const kept = new Int32Array(targets.data.length);
    const datums = new Int32Array(targets.data.length);
    let count = 0;
    for (let datum = 0; datum < this.datumCount; datum++) {
      for (let i = targets.offsets[datum]! * width; i < targets.offsets[datum + 1]! * width; i++) {
        if (counts && counts[i] === 0) continue;
        kept[count] = i;
        datums[count++] = datum;
      }
    }
    this.tokens = kept.subarray(0, count);
    this.datumOf = datums.subarray(0, count);
  }

  /** The values of a step: one, one per datum, or one per token that counts. */
  valuesOf(index: number): Float64Array {
    const known = this.values[index];
    if (known) return known;
    // In order, not recursively: each step has its inputs before it.
    for (const step of this.needed(index)) this.values[step] ??= this.compute(step);
    return this.values[index]!;
  }

  /** The single value of a step with shape 'one'. */
  numberOf(index: number): number {
    return this.valuesOf(index)[0]!;
  }

  /** Sets the values of a step instead of computing them. */
  fix(index: number, values: Float64Array): void {
    this.values[index] = values;
  }

  /** Where each step's value first became NaN or infinite, in the order of computation; null when none did. */
  firstNonFinite(): Step | null {
    const { steps } = this.program;
    return steps.find((_, i) => this.values[i]?.some((value) => !Number.isFinite(value))) ?? null;
  }

  /** d value of a step (of shape 'one') / d log-prob, for every log-prob of the batch; 0 for those that don't count. */
  gradientOf(index: number): Float64Array {
    this.valuesOf(index);
    const { steps } = this.program;
    const adjoints = new Array<Float64Array | undefined>(steps.length);
    adjoints[index] = Float64Array.of(1);
    const gradient = new Float64Array(this.batch.logprobs!.data.length);
    for (let i = index; i >= 0; i--) {
      const step = steps[i]!;
      const adjoint = adjoints[i];
      if (!adjoint || !step.hasGradient) continue;
      if (step.operation.kind === 'target_logprobs') this.tokens.forEach((at, t) => (gradient[at] = adjoint[t]!));
      else this.backward(i, step, adjoint, adjoints);
      adjoints[i] = undefined;
    }
    return gradient;
  }

  private needed(index: number): number[] {
    const marks = new Uint8Array(index + 1);
    marks[index] = 1;
    for (let i = index; i >= 0; i--) {
      if (marks[i] === 0 || this.values[i]) continue;
      for (const input of this.program.steps[i]!.inputs) marks[input] = 1;
    }
    return [...marks.keys()].filter((i) => marks[i] === 1);
  }

  private compute(index: number): Float64Array {
    const { operation, inputs, shape } = this.program.steps[index]!;
    switch (operation.kind) {
      case 'elementwise':
        return this.elementwise(operation.function.compute, inputs, shape);
      case 'reduce':
        return operation.function.compute(this.values[inputs[0]!]!, this.segments(inputs[0]!, operation.over));
      case 'group': {
        const segments = this.groupsBy(inputs[1]!);
        const out = operation.function.compute(this.values[inputs[0]!]!, segments);
        return Float64Array.from(segments.of, (group) => out[group]!);
      }
      case 'stop_gradient':
        return this.values[inputs[0]!]!;
      default:
        return this.leaf(operation);
    }
  }

  private leaf(operation: Operation): Float64Array {
    switch (operation.kind) {
      case 'constant':
        return Float64Array.of(operation.value);
      case 'config':
        return Float64Array.of(this.batch.config[operation.name]!);
      case 'given':
        return Float64Array.of(Number(this.batch.inputs[operation.input.name] !== undefined));
      case 'count':
        return Float64Array.of(
          { token: this.tokens.length, position: this.positionCount, datum: this.datumCount }[operation.of],
        );
      case 'target_logprobs':
        return this.pick(this.batch.logprobs!.data);
      case 'input': {
        const { name, per, default: fallback } = operation.input;
        const size = per === 'datum' ? this.datumCount : this.tokens.length;
        const given = this.batch.inputs[name];
        if (!given) return new Float64Array(size).fill(fallback!);
        return per === 'datum' ? Float64Array.from(given.data) : this.pick(given.data);
      }
      default:
        throw new TypeError(`${operation.kind} is not a leaf.`);
    }
  }

  private pick(numbers: ArrayLike<number>): Float64Array {
    const out = new Float64Array(this.tokens.length);
    for (let t = 0; t < out.length; t++) out[t] = numbers[this.tokens[t]!]!;
    return out;
  }

  private elementwise(
    compute: (x: number, y: number, z: number) => number,
    inputs: readonly number[],
    shape: Shape,
  ): Float64Array {
    const [x, y = x, z = x] = inputs.map((input) => this.reader(input, shape));
    const out = new Float64Array(this.sizeOf(shape));
    for (let i = 0; i < out.length; i++) out[i] = compute(x!(i), y!(i), z!(i));
    return out;
  }

  /** Reads a step's values as if they had a (larger) shape. */
  private reader(index: number, shape: Shape): (i: number) => number {
    const values = this.values[index]!;
    const own = this.program.steps[index]!.shape;
    if (own === shape) return (i) => values[i]!;
    if (own === 'one') return () => values[0]!;
    return (i) => values[this.datumOf[i]!]!;
  }

  private sizeOf(shape: Shape): number {
    return { one: 1, datum: this.datumCount, token: this.tokens.length }[shape];
  }

  private segments(input: number, over: 'all' | 'datum'): Segments {
    if (over === 'datum') return { of: this.datumOf, count: this.datumCount, ofNothing: 0 };
    const size = this.sizeOf(this.program.steps[input]!.shape);
    return { of: new Int32Array(size), count: 1, ofNothing: Number.NaN };
  }

  /** Numbers the groups in the order in which they appear. */
  private groupsBy(index: number): Segments {
    const known = this.groups.get(index);
    if (known) return known;
    const numbers = new Map<number, number>();
    const of = Int32Array.from(this.values[index]!, (key) => {
      const number = numbers.get(key) ?? numbers.size;
      numbers.set(key, number);
      return number;
    });
    const segments = { of, count: numbers.size, ofNothing: 0 };
    this.groups.set(index, segments);
    return segments;
  }

  private backward(
    index: number,
    { operation, inputs }: Step,
    adjoint: Float64Array,
    adjoints: (Float64Array | undefined)[],
  ): void {
    const adjointOf = (input: number) => (adjoints[input] ??= new Float64Array(this.values[input]!.length));
    const [first] = inputs;
    if (operation.kind === 'elementwise') {
      inputs.forEach((input, argument) => {
        if (this.program.steps[input]!.hasGradient)
          this.elementwiseBackward(index, argument, adjoint, adjointOf(input));
      });
    } else if (operation.kind === 'reduce') {
      const segments = this.segments(first!, operation.over);
      const out = this.values[index]!;
      operation.function.backward(this.values[first!]!, segments, out, adjoint, adjointOf(first!));
    } else if (operation.kind === 'group') {
      const segments = this.groupsBy(inputs[1]!);
      const values = this.values[first!]!;
      const out = operation.function.compute(values, segments);
      const sums = new Float64Array(segments.count);
      segments.of.forEach((group, datum) => (sums[group]! += adjoint[datum]!));
      operation.function.backward(values, segments, out, sums, adjointOf(first!));
    }
  }

  private elementwiseBackward(index: number, argument: number, adjoint: Float64Array, target: Float64Array): void {
    const { operation, inputs, shape } = this.program.steps[index]!;
    const partial = operation.kind === 'elementwise' ? operation.function.partials[argument] : null;
    if (!partial) return;
    const [x, y = x, z = x] = inputs.map((input) => this.reader(input, shape));
    const out = this.values[index]!;
    const own = this.program.steps[inputs[argument]!]!.shape;
    for (let i = 0; i < adjoint.length; i++) {
      // What has no influence stays without: 0 times the slope of log(0) would be NaN.
      if (adjoint[i] === 0) continue;
      const at = own === shape ? i : own === 'one' ? 0 : this.datumOf[i]!;
      target[at]! += adjoint[i]! * partial(x!(i), y!(i), z!(i), out[i]!);
    }
  }
}
