import { AppError } from '../../common/errors/app-error.js';

/** The hub does not answer, or answers that it cannot at the moment. */
export class HubUnreachableError extends AppError {
  constructor(repo: string, endpoint: string, reason: string, options?: ErrorOptions) {
    const remedy = `Check the network or HF_ENDPOINT, or name a local folder that holds ${repo} in BASE_MODELS.`;
    super(
      'hub_unreachable',
      'server',
      503,
      `Base model '${repo}' cannot be fetched: the Hugging Face hub at ${endpoint} cannot be reached: ${reason}. ${remedy}`,
      { remedy },
      options,
    );
  }
}

/** The hub answers, and does not give the model: unknown, private, gated, or nothing that can be loaded. */
export class HubRefusedError extends AppError {
  constructor(repo: string, reason: string, remedy: string, options?: ErrorOptions) {
    super('hub_refused', 'server', 500, `The hub does not give '${repo}': ${reason}. ${remedy}`, { remedy }, options);
  }
}
