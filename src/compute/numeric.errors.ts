import { AppError } from '../common/errors/app-error.js';

/** What a step that is not finite comes from: the gradients, the adapter's own numbers, or the request's settings. */
export type StepFault = 'gradients' | 'state' | 'adam_params';

const SMALLER_GRADIENTS =
  'Send forward_backward again with smaller weights or advantages, or with sampling log-probs nearer to the ' +
  "model's (leave datums out whose ratio explodes)";

const NON_FINITE_UPDATE: Readonly<Record<StepFault, { readonly cause: string; readonly remedy: string }>> = {
  gradients: {
    cause: 'the square of a gradient is more than float32 holds',
    remedy: `${SMALLER_GRADIENTS}, or set grad_clip_norm. A lower learning rate does not help.`,
  },
  state: {
    cause: 'its weights or Adam moments already hold NaN or infinity',
    remedy: 'Load an earlier checkpoint, or rewind the adapter to an earlier step.',
  },
  adam_params: {
    cause: 'the settings of the step make a finite gradient too large',
    remedy:
      'Send optim_step again with a lower learning_rate or weight_decay; an eps of 0 divides by zero where a gradient is 0. ' +
      'The gradients are still there.',
  },
};

/** The accumulated gradient holds NaN or infinity. The step was not made. */
export class NonFiniteGradientError extends AppError {
  constructor(tensor: string) {
    super(
      'non_finite_gradient',
      'user',
      422,
      `The gradient of ${tensor} holds NaN or infinity, so the optimizer step was not made; weights and moments are unchanged.`,
      { tensor, at_fault: 'gradients' satisfies StepFault, remedy: `${SMALLER_GRADIENTS}.` },
    );
  }
}

/** The step would have put NaN or infinity into the weights or the Adam moments. The step was not made. */
export class NonFiniteUpdateError extends AppError {
  constructor(tensor: string, fault: StepFault) {
    const { cause, remedy } = NON_FINITE_UPDATE[fault];
    super(
      'non_finite_update',
      'user',
      422,
      `The step would make ${tensor} NaN or infinite, because ${cause}. It was not made; weights and moments are unchanged.`,
      { tensor, at_fault: fault, remedy },
    );
  }
}

/** Would a step with these gradients fail whatever its settings but grad_clip_norm are? */
export function blamesGradients(error: unknown): error is AppError {
  return error instanceof AppError && error.details['at_fault'] === ('gradients' satisfies StepFault);
}

/** The model gives NaN or infinite logits, so there is nothing to draw from. */
export class NonFiniteLogitsError extends AppError {
  constructor() {
    super(
      'non_finite_logits',
      'user',
      422,
      'The model gives NaN or infinite logits for this prompt, so no token can be drawn.',
      { remedy: 'The adapter has probably diverged: load an earlier checkpoint and train with a lower learning rate.' },
    );
  }
}
