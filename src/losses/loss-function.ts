import { type FusedTerms, type LossInputs, type LossResult } from '../domain/loss.js';
import { offsetsOf, type RaggedTensor, rowWidth } from '../domain/ragged-tensor.js';

/*
 * What a loss is. A loss sees the log-probs of the targets and the inputs of the request, never a model or a graph, and
 * works in float64. It is written once, as a class decorated with @Loss; every list of losses, inputs and config keys
 * (request checks, API docs, capabilities) is derived from that data.
 */

/** An array of the request that a loss reads. */
export interface LossInputSpec {
  readonly name: string;
  readonly dtype: 'int' | 'float';
  /** 'token' (the usual) = one row per position, shaped like target_tokens; 'datum' = one number for each datum. */
  readonly per?: 'token' | 'datum';
  readonly required: boolean;
  readonly description: string;
  /** What every number counts as where the input is left out. */
  readonly default?: number;
  /** For the check of a plugin's gradient at start-up: such numbers as it needs, repeated as often as necessary. */
  readonly sample?: readonly number[];
}

/** A number of loss_fn_config. */
export interface LossConfigKey {
  readonly name: string;
  readonly default: number;
  readonly description: string;
  readonly min?: number;
  readonly max?: number;
}

export interface LossMetadata {
  readonly name: string;
  readonly description: string;
  readonly inputs: readonly LossInputSpec[];
  readonly config: readonly LossConfigKey[];
  /** Takes K targets per position, target_tokens of shape (N, K), too. */
  readonly multipleTargets?: boolean;
  /**
   * The loss of a batch is the sum of what it is for each datum alone. Then an engine that takes the batch in several
   * runs asks for the gradient of each run by itself; otherwise it makes every forward twice.
   */
  readonly sumOverDatums?: boolean;
}

/** A value for every config key of a loss, as LossRegistry.resolveConfig makes it. */
export type LossConfig = Readonly<Record<string, number>>;

/** Stands for "no threshold"; finite in float32, so that a graph can take it as an input. */
export const NO_LIMIT = 3e38;

const metadataOf = new WeakMap<object, LossMetadata>();

/** Describes a loss. Classes without it are refused when the registry is built. */
export function Loss(metadata: LossMetadata): (target: new (...args: never[]) => LossFunction) => void {
  return (target) => void metadataOf.set(target, Object.freeze(metadata));
}

export abstract class LossFunction {
  /** The data given to @Loss. */
  get metadata(): LossMetadata {
    const metadata = metadataOf.get(this.constructor);
    if (!metadata) throw new TypeError(`Loss class ${this.constructor.name} has no @Loss({...}) decorator.`);
    return metadata;
  }

  /**
   * Loss (a sum over tokens and datums, never a mean), dLoss/dlogprob and metrics, in float64.
   *
   * `logprobs` is shaped like inputs.target_tokens; inputs and config have been checked and completed by the registry.
   * Positions that don't count (see activePositions) may hold NaN or -inf and give exactly 0. Averages and extremes are
   * left out of the metrics when no position counts: the mean of nothing is not a number.
   */
  abstract compute(logprobs: RaggedTensor<Float32Array>, inputs: LossInputs, config: LossConfig): LossResult;

  /**
   * The number of which compute gives the derivative: the loss, unless a part of it counts as a constant when the
   * gradient is taken (a stop-gradient). Such a loss overrides this, with that part computed from `held` instead of
   * `logprobs`; only the check of the gradient calls it.
   */
  surrogate(
    logprobs: RaggedTensor<Float32Array>,
    inputs: LossInputs,
    config: LossConfig,
    _held: RaggedTensor<Float32Array>,
  ): number {
    return this.compute(logprobs, inputs, config).loss;
  }

  /**
   * 1 for every position (row of target_tokens) that matters for loss or gradient, else 0: an engine need not compute
   * the log-probs of the others. By default those with a non-zero weight, or all where no weights are given.
   */
  activePositions(inputs: LossInputs): Uint8Array {
    return weightedPositions(inputs);
  }

  /**
   * How many numbers compute holds at a time on such a batch, where they are many times those of the batch; what makes
   * too many is refused before it is accepted.
   */
  numbersHeld(_inputs: LossInputs): number {
    return 0;
  }

  /** How an engine computes the gradient by itself, or null: then it calls compute between its forward and backward. */
  fusedTerms(_config: LossConfig): FusedTerms | null {
    return null;
  }

  /** Says what is wrong with values that are fine one by one but not together, or null. */
  configProblem(_config: LossConfig): { readonly key: string; readonly message: string } | null {
    return null;
  }
}

/** 1 for every position with a non-zero weight; all of them where no weights are given. */
export function weightedPositions(inputs: LossInputs): Uint8Array {
  if (inputs.weights) return nonZeroRows(inputs.weights);
  const targets = requiredInput(inputs, 'target_tokens');
  return new Uint8Array(targets.data.length / rowWidth(targets)).fill(1);
}

/** Where each datum's numbers of an input begin, given where its positions do. */
export function inputOffsets({ per }: LossInputSpec, positions: Int32Array): Int32Array {
  return per === 'datum' ? offsetsOf(new Array<number>(positions.length - 1).fill(1)) : positions;
}

/** An input that LossRegistry.checkInputs has shown to be there. */
export function requiredInput(inputs: LossInputs, name: string): RaggedTensor {
  const tensor = inputs[name];
  if (!tensor) throw new TypeError(`Loss input '${name}' is missing: call LossRegistry.checkInputs first.`);
  return tensor;
}

/** 1 for each row that holds a number other than 0. */
export function nonZeroRows(tensor: RaggedTensor): Uint8Array {
  const { data } = tensor;
  const width = rowWidth(tensor);
  const marks = new Uint8Array(data.length / width);
  for (let row = 0, i = 0; row < marks.length; row++) {
    for (const end = i + width; i < end; i++) if (data[i] !== 0) marks[row] = 1;
  }
  return marks;
}

/** How many marks are set. */
export function countMarks(marks: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < marks.length; i++) count += marks[i]!;
  return count;
}

/** A metric that JSON can carry: overflow becomes the largest finite number. */
export function finiteMetric(value: number): number {
  return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
}

/** What of a loss's metrics is shown: the mean of nothing is not a number, and is left out. */
export function shownMetrics(metrics: Readonly<Record<string, number>>): Record<string, number> {
  const numbers = Object.entries(metrics).filter(([, value]) => !Number.isNaN(value));
  return Object.fromEntries(numbers.map(([name, value]) => [name, finiteMetric(value)]));
}

export const TARGET_TOKENS: LossInputSpec = {
  name: 'target_tokens',
  dtype: 'int',
  required: true,
  description: 'The token to predict at each position.',
};

export const WEIGHTS: LossInputSpec = {
  name: 'weights',
  dtype: 'float',
  required: false,
  default: 1,
  description: "Factor of each position's term of the loss, of any sign. Positions with weight 0 are masked.",
};
