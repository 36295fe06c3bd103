import { AppError } from '../../common/errors/app-error.js';

const TOO_FAR =
  'Lower the learning rate, set grad_clip_norm, scale the weights or advantages down, or load an earlier checkpoint.';

/** The accumulated gradient holds NaN or infinity. The step was not made. */
export class NonFiniteGradientError extends AppError {
  constructor(tensor: string) {
    super(
      'non_finite_gradient',
      'user',
      422,
      `The gradient of ${tensor} holds NaN or infinity, so the optimizer step was not made; the adapter is unchanged.`,
      { tensor, remedy: TOO_FAR },
    );
  }
}

/** The step would have put NaN or infinity into the weights or the Adam moments. The step was not made. */
export class NonFiniteUpdateError extends AppError {
  constructor(tensor: string) {
    super(
      'non_finite_update',
      'user',
      422,
      `The step would make ${tensor} NaN or infinite, so it was not made; the adapter is unchanged.`,
      { tensor, remedy: `${TOO_FAR} An eps of 0 divides by zero where a gradient is 0.` },
    );
  }
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
