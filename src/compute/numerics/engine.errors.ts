import { AppError } from '../../common/errors/app-error.js';

const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/** One sequence needs more memory than the engine may use. */
export class SequenceTooLargeError extends AppError {
  /** @param operators what the operator can do about it */
  constructor(datum: number, tokens: number, bytes: number, budget: number, operators = 'raise MEMORY_BUDGET_MB') {
    super(
      'sequence_exceeds_memory',
      'user',
      422,
      `data[${datum}] has ${tokens} tokens, for which training needs about ${mebibytes(bytes)}; the engine may use ${mebibytes(budget)}.`,
      { field: `data[${datum}]`, remedy: `Send shorter sequences, or have the operator ${operators}.` },
    );
  }
}

/** The loss or its gradient came out NaN or infinite. The request changed nothing. */
export class NonFiniteLossError extends AppError {
  constructor(what: string) {
    super(
      'non_finite_loss',
      'user',
      422,
      `${what} is NaN or infinite, so the request was not applied; the adapter is unchanged.`,
      {
        remedy: 'Check weights, advantages and logprobs of the request; lower the learning rate if training diverged.',
      },
    );
  }
}

export class NoGradientsError extends AppError {
  constructor() {
    super('no_gradients', 'user', 400, 'There are no gradients to apply.', {
      remedy: 'Send forward_backward (POST /fwdbwd) before optim_step; every optim_step uses the gradients up.',
    });
  }
}

export class UnknownAdapterError extends AppError {
  constructor(adapterId: string) {
    super('adapter_not_loaded', 'server', 404, `Adapter '${adapterId}' is not in the engine's memory.`);
  }
}

export class UnknownBaseModelError extends AppError {
  constructor(name: string, known: readonly string[]) {
    super('unknown_base_model', 'user', 404, `Base model '${name}' is not served here.`, {
      remedy: `Use one of: ${known.join(', ')}.`,
    });
  }
}

/** A state does not fit the adapter it is meant for. */
export class StateMismatchError extends AppError {
  constructor(adapterId: string, problem: string) {
    super('adapter_mismatch', 'user', 400, `The given state does not fit adapter '${adapterId}': ${problem}.`);
  }
}
