import { AppError } from '../common/errors/app-error.js';

/** The hub does not answer, or answers that it cannot at the moment. */
export class HubUnreachableError extends AppError {
  constructor(endpoint: string, reason: string, options?: ErrorOptions) {
    super(
      'hub_unreachable',
      'server',
      503,
      `The Hugging Face hub at ${endpoint} cannot be reached: ${reason}.`,
      { remedy: 'Check the network or HF_ENDPOINT, or put the path of a local folder in BASE_MODELS.' },
      options,
    );
  }
}

/** The hub answers, and does not give the model: unknown, private, gated, or nothing that can be loaded. */
export class HubRefusedError extends AppError {
  constructor(repo: string, reason: string, remedy: string, options?: ErrorOptions) {
    super('hub_refused', 'server', 500, `The hub does not give '${repo}': ${reason}.`, { remedy }, options);
  }
}
