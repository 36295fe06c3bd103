import { AppError } from '../../common/errors/app-error.js';

/** The hub answers, and does not take the files. */
export class HubPushRefusedError extends AppError {
  constructor(repo: string, status: number, words: string) {
    const isDenied = status === 401 || status === 403;
    const remedy = isDenied
      ? `Use an access token with write permission for ${repo}; https://huggingface.co/settings/tokens makes one.`
      : 'Check the name of the repository; the hub may also be at fault.';
    const reason = words === '' ? `status ${status}` : `status ${status}, '${words}'`;
    super('hub_refused', 'user', 422, `The hub does not take '${repo}': ${reason}. ${remedy}`, {
      field: isDenied ? 'token' : 'repo',
      hub_status: status,
      remedy,
    });
  }
}

export class HubPushUnreachableError extends AppError {
  constructor(repo: string, endpoint: string) {
    const remedy = 'Try again later. On the server, check the network and HF_ENDPOINT.';
    super(
      'hub_unreachable',
      'server',
      503,
      `'${repo}' cannot be pushed: the hub at ${endpoint} cannot be reached. ${remedy}`,
      { remedy },
    );
  }
}
