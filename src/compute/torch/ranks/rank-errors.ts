import { AppError } from '../../../common/errors/app-error.js';
import { NonFiniteGradientError, NonFiniteUpdateError, type StepFault } from '../../numeric.errors.js';
import {
  NoGradientsError,
  NonFiniteLossError,
  SequenceTooLargeError,
  StateMismatchError,
  UnknownAdapterError,
  UnknownBaseModelError,
} from '../../numerics/engine.errors.js';
import { WeightsUnknownError } from '../../weights-unknown.error.js';
import { type RankError } from './rank-messages.js';
import { UnforeseenRankError, UnsupportedByRanksError } from '../torch.errors.js';

type Details = RankError['details'];

const text = (value: unknown) => String(value);

/** Each is the error of the local engine for the same fault, so clients see no difference. */
const ERRORS: Readonly<Record<string, (details: Details, message: string) => AppError>> = {
  non_finite_loss: ({ what }) => new NonFiniteLossError(text(what)),
  no_gradients: () => new NoGradientsError(),
  non_finite_gradient: ({ tensor }) => new NonFiniteGradientError(text(tensor)),
  non_finite_update: ({ tensor, fault }) => new NonFiniteUpdateError(text(tensor), fault as StepFault),
  unknown_adapter: ({ id }) => new UnknownAdapterError(text(id)),
  unknown_base_model: ({ name, known }) => new UnknownBaseModelError(text(name), known as readonly string[]),
  adapter_mismatch: ({ id, problem }) => new StateMismatchError(text(id), text(problem)),
  weights_unknown: ({ id }) => new WeightsUnknownError(text(id)),
  sequence_exceeds_memory: ({ datum, tokens, bytes, budget }) =>
    new SequenceTooLargeError(Number(datum), Number(tokens), Number(bytes), Number(budget), 'use larger devices'),
  unsupported_model: (_, message) => new UnsupportedByRanksError(message),
};

/** A foreseen error of the ranks as the rest of the service knows it. */
export function toAppError({ code, message, details }: Omit<RankError, 'kind'>): AppError {
  return ERRORS[code]?.(details, message) ?? new UnforeseenRankError(code, message);
}
