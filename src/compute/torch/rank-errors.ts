import { AppError } from '../../common/errors/app-error.js';
import { NonFiniteGradientError, NonFiniteUpdateError, type StepFault } from '../numeric.errors.js';
import {
  NoGradientsError,
  NonFiniteLossError,
  SequenceTooLargeError,
  UnknownAdapterError,
} from '../numerics/engine.errors.js';
import { WeightsUnknownError } from '../weights-unknown.error.js';
import { type RankError } from './rank-messages.js';

type Details = RankError['details'];

const text = (value: unknown) => String(value);

const ERRORS: Readonly<Record<string, (details: Details) => AppError>> = {
  non_finite_loss: ({ what }) => new NonFiniteLossError(text(what)),
  no_gradients: () => new NoGradientsError(),
  non_finite_gradient: ({ tensor }) => new NonFiniteGradientError(text(tensor)),
  non_finite_update: ({ tensor, fault }) => new NonFiniteUpdateError(text(tensor), fault as StepFault),
  unknown_adapter: ({ id }) => new UnknownAdapterError(text(id)),
  weights_unknown: ({ id }) => new WeightsUnknownError(text(id)),
  sequence_exceeds_memory: ({ datum, tokens, bytes, budget }) =>
    new SequenceTooLargeError(Number(datum), Number(tokens), Number(bytes), Number(budget)),
};

/** A foreseen error of the ranks as the rest of the service knows it. */
export function toAppError({ code, message, details }: Omit<RankError, 'kind'>): AppError {
  const known = ERRORS[code];
  return known ? known(details) : new AppError(code, 'user', 422, message, details);
}
