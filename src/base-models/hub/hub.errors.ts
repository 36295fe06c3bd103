import { AppError } from '../../common/errors/app-error.js';

/** The hub does not answer, or answers that it cannot at the moment. */
export class HubUnreachableError extends AppError {
  constructor(repo: string, endpoint: string, reason: string, options?: ErrorOptions) {
    const remedy = `Check the network or HF_ENDPOINT, or set BASE_MODELS to a local folder that contains ${repo}.`;
    super(
      'hub_unreachable',
      'server',
      503,
      `Base model '${repo}' cannot be downloaded: the Hugging Face Hub at ${endpoint} cannot be reached: ${reason}. ${remedy}`,
      { remedy },
      options,
    );
  }
}

/** The hub answers, and does not give the model: unknown, private, gated, or nothing that can be loaded. */
export class HubRefusedError extends AppError {
  constructor(repo: string, reason: string, remedy: string, options?: ErrorOptions) {
    super(
      'hub_refused',
      'server',
      500,
      `The Hugging Face Hub does not provide '${repo}': ${reason}. ${remedy}`,
      { remedy },
      options,
    );
  }
}
