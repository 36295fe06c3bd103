import { AppError } from '../../../common/errors/app-error.js';
import { InvalidRequestError } from '../../../common/errors/request.errors.js';

/** The address of a webhook is not one that may be sent to. */
export class WebhookUrlError extends InvalidRequestError {
  constructor(problem: string, remedy: string) {
    super(`url ${problem} ${remedy}`, { field: 'url', remedy });
  }
}

/** A delivery would have connected to an address that is not public. */
export class PrivateAddressError extends Error {
  constructor(address: string) {
    super(`${address} is not a public address; the operator may allow it with WEBHOOKS_ALLOW_PRIVATE`);
    this.name = 'PrivateAddressError';
  }
}

export class TooManyWebhooksError extends AppError {
  constructor(max: number) {
    const remedy = 'Delete one, or let one webhook take the events of several.';
    super('too_many_webhooks', 'user', 409, `You have ${max} webhooks, which is the maximum. ${remedy}`, { remedy });
  }
}
