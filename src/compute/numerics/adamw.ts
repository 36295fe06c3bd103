import { type AdamParams } from '../../domain/adapter/adam-params.js';
import { type AdapterState, type AdapterTensors, type NamedTensor } from '../../domain/adapter/adapter-state.js';
import { NonFiniteGradientError, NonFiniteUpdateError, type StepFault } from '../numeric.errors.js';

/*
 * AdamW as torch.optim.AdamW computes it (decoupled weight decay, arXiv:1711.05101, with Adam's bias correction,
 * arXiv:1412.6980), after clipping as torch.nn.utils.clip_grad_norm_ does. Weights and moments are float32; each number
 * is computed in float64 and rounded once, so results agree with torch to float32 rounding, not bit for bit.
 *
 * A step is a pure function: it reads the old state and makes new arrays, so one that fails leaves nothing half done.
 */

/** The part of an adapter's state that a step replaces. */
export type OptimizerState = Pick<AdapterState, 'weights' | 'moments' | 'step'>;

export interface AdamwResult {
  /** New arrays throughout; step is one more. */
  readonly state: OptimizerState;
  /** Global L2 norm of the gradients before clipping. */
  readonly gradNorm: number;
  /** L2 norm of the change of the weights. */
  readonly updateNorm: number;
  /** L2 norm of the weights after the step. */
  readonly weightNorm: number;
}

/** Scalars of one step, the same for every tensor. */
interface StepFactors {
  readonly clip: number;
  readonly decay: number;
  readonly beta1: number;
  readonly beta2: number;
  /** learningRate / (1 - beta1^step). */
  readonly stepSize: number;
  /** 1 / sqrt(1 - beta2^step). */
  readonly rootCorrection: number;
  readonly eps: number;
}

/** The numbers of one parameter tensor, before or after the step. */
interface Numbers {
  readonly weights: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
}

/** What the tensors add to the norms. */
interface SquareSums {
  update: number;
  weight: number;
}

/**
 * One step on `state` with the summed gradients. Needs a gradient for every weight; moments that are missing count as
 * zeros (before the first step). Throws NonFiniteGradientError or NonFiniteUpdateError.
 */
export function adamwStep(state: OptimizerState, gradients: AdapterTensors, params: AdamParams): AdamwResult {
  const gradNorm = globalNorm(gradients);
  const step = state.step + 1;
  const factors: StepFactors = {
    clip: clipFactor(gradNorm, params.gradClipNorm),
    decay: 1 - params.learningRate * params.weightDecay,
    beta1: params.beta1,
    beta2: params.beta2,
    stepSize: params.learningRate / (1 - params.beta1 ** step),
    rootCorrection: 1 / Math.sqrt(1 - params.beta2 ** step),
    eps: params.eps,
  };
  const weights = new Map<string, NamedTensor>();
  const m = new Map<string, NamedTensor>();
  const v = new Map<string, NamedTensor>();
  const sums: SquareSums = { update: 0, weight: 0 };
  for (const [name, { shape, data }] of state.weights) {
    const gradient = gradients.get(name)?.data;
    if (gradient?.length !== data.length) throw new TypeError(`No gradient of ${data.length} numbers for ${name}.`);
    const before: Numbers = {
      weights: data,
      m: state.moments.m.get(name)?.data ?? new Float32Array(data.length),
      v: state.moments.v.get(name)?.data ?? new Float32Array(data.length),
    };
    const after = emptyNumbers(data.length);
    if (!updateTensor(before, gradient, after, factors, sums)) {
      throw new NonFiniteUpdateError(name, faultOf(before, gradient, factors));
    }
    weights.set(name, { shape, data: after.weights });
    m.set(name, { shape, data: after.m });
    v.set(name, { shape, data: after.v });
  }
  return {
    state: { weights, moments: { m, v }, step },
    gradNorm,
    updateNorm: Math.sqrt(sums.update),
    weightNorm: Math.sqrt(sums.weight),
  };
}

/** L2 norm over all numbers of all tensors, in float64, where squares of float32 numbers can't overflow. */
export function globalNorm(tensors: AdapterTensors): number {
  let total = 0;
  for (const [name, { data }] of tensors) {
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += data[i]! * data[i]!;
    if (!Number.isFinite(sum)) throw new NonFiniteGradientError(name);
    total += sum;
  }
  return Math.sqrt(total);
}

/** 1e-6 and the cap of 1 are torch's. */
function clipFactor(norm: number, maxNorm: number): number {
  return maxNorm > 0 ? Math.min(1, maxNorm / (norm + 1e-6)) : 1;
}

/** Why a step on this tensor is not finite. */
function faultOf({ weights, m, v }: Numbers, gradients: Float32Array, { clip, beta2 }: StepFactors): StepFault {
  if (![weights, m, v].every((numbers) => numbers.every(Number.isFinite))) return 'state';
  const overflows = v.some((square, i) => {
    const g = gradients[i]! * clip;
    return !Number.isFinite(Math.fround(beta2 * square + (1 - beta2) * g * g));
  });
  return overflows ? 'gradients' : 'adam_params';
}

function emptyNumbers(length: number): Numbers {
  return { weights: new Float32Array(length), m: new Float32Array(length), v: new Float32Array(length) };
}

/**
 * Writes `after` and adds to the sums. False when something in it is not finite: v holds squares, so it overflows first,
 * and would freeze its weight for good without a sign in the weights.
 */
function updateTensor(
  before: Numbers,
  gradients: Float32Array,
  after: Numbers,
  factors: StepFactors,
  sums: SquareSums,
): boolean {
  const { weights, m, v } = before;
  const { weights: newWeights, m: newM, v: newV } = after;
  const { clip, decay, beta2, stepSize, rootCorrection, eps } = factors;
  const mShare = 1 - factors.beta1;
  const vShare = 1 - beta2;
  let updateSquares = 0;
  let weightSquares = 0;
  let moments = 0;
  // Rounded by Math.fround, not by storing and reading back, which is slower.
  for (let i = 0; i < weights.length; i++) {
    const g = gradients[i]! * clip;
    const mean = Math.fround(m[i]! + mShare * (g - m[i]!));
    const square = Math.fround(beta2 * v[i]! + vShare * g * g);
    const weight = weights[i]!;
    const newWeight = Math.fround(weight * decay - (stepSize * mean) / (Math.sqrt(square) * rootCorrection + eps));
    newM[i] = mean;
    newV[i] = square;
    newWeights[i] = newWeight;
    updateSquares += (newWeight - weight) * (newWeight - weight);
    weightSquares += newWeight * newWeight;
    moments += square;
  }
  sums.update += updateSquares;
  sums.weight += weightSquares;
  return Number.isFinite(weightSquares) && Number.isFinite(moments);
}
