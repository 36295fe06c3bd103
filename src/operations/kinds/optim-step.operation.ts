import { AppError } from '../../common/errors/app-error.js';
import { type OptimStepResult } from '../../compute/compute-backend.js';
import { blamesGradients } from '../../compute/numeric.errors.js';
import { type AdamParams } from '../../domain/adapter/adam-params.js';
import { type AdapterContext } from '../adapter-context.js';
import { type ReplayedOperation } from '../operation-definition.js';
import { FailedWithEffectError } from '../operation-outcome.js';

/**
 * Applies and clears the adapter's gradients; fails when the operations before it left none. Gradients that no step can
 * take are dropped, because every later step would fail on them as well.
 */
export const optimStepOperation: ReplayedOperation<AdamParams> = {
  readOnly: false,
  cancellable: true,
  replayReads: 'payload',

  encode: (params) => ({ json: { adam_params: params }, tensors: {} }),
  decode: ({ json }) => json['adam_params'] as AdamParams,

  async apply(context, params) {
    const { step, digest, gradNorm, updateNorm, weightNorm } = await takeStep(context, params);
    const metrics = {
      step,
      grad_norm: gradNorm,
      update_norm: updateNorm,
      weight_norm: weightNorm,
      learning_rate: params.learningRate,
    };
    return { result: { json: { metrics, digest }, tensors: {} }, effect: { step, digest, hasGradients: false } };
  },
};

async function takeStep(
  { backend, adapterId, owner, weight }: AdapterContext,
  params: AdamParams,
): Promise<OptimStepResult> {
  try {
    return await backend.optimStep(adapterId, params, { owner, weight });
  } catch (error) {
    if (!blamesGradients(error)) throw error;
    const passes = await backend.dropGradients(adapterId);
    const digest = await backend.digestState(adapterId);
    throw new FailedWithEffectError(withDropped(error, passes), { digest, hasGradients: false });
  }
}

function withDropped({ code, category, status, message, details }: AppError, passes: number): AppError {
  const calls = passes === 1 ? 'one forward_backward call' : `${passes} forward_backward calls`;
  const dropped = `The gradients of ${calls} were dropped, so the next forward_backward starts from zero.`;
  return new AppError(code, category, status, `${message} ${dropped}`, { ...details, dropped_passes: passes });
}
