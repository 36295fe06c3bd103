import { getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';
import { ErrorDto } from './common/http/errors/error.dto.js';
import { MAX_TIMEOUT_MS, TIMEOUT_HEADER } from './common/http/requests/request-deadline.js';
import { isOpen } from './modules/keys/index.js';

/** What the middleware answers before any controller, and so on every route of one kind: said once, here. */

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** Refusals that a controller describes in its own words stay as they are. */
export function describeRefusals(path: string, method: string, operation: Operation): void {
  const add = (status: string, description: string, headers = {}): void => {
    operation.responses[status] ??= {
      description,
      content: { 'application/json': { schema: { $ref: getSchemaPath(ErrorDto) } } },
      ...headers,
    };
  };
  add('421', 'The server requires no API key, and the request was sent to a host name that is not its own.');
  if (method !== 'get' || !isOpen(path)) {
    add(
      '403',
      'Not allowed; `error.code` states why: a web page of another origin (CORS_ORIGINS), or a scope or limit of the key.',
    );
  }
  if (namesSomething(operation)) add('404', 'A resource in the request does not exist or belongs to another key.');
  if (takesInput(path, operation)) {
    add('400', 'The request is invalid; `error.details.field` names the field that caused the error.');
  }
  if (!isOpen(path)) {
    add('401', 'API keys are configured, and the request contains no valid one, or two different ones.');
    add(
      '503',
      'The database has been unreachable for longer than requests wait for it; send the request again.',
      RETRY_AFTER,
    );
  }
  if (SUBMITS.test(path)) {
    operation.parameters = [...(operation.parameters ?? []), TIMEOUT];
    add('504', 'The request was not completed within X-Timeout-Ms; `error.code` is `deadline_exceeded`.');
  }
  if (operation.requestBody || (method !== 'get' && !isOpen(path))) {
    add(
      '429',
      'A limit of the key is reached, too many requests are pending, or too many bodies are being received; send the request again.',
      RETRY_AFTER,
    );
  }
  if (!operation.requestBody) return;
  add('409', 'A name in the request is already in use, or a resource is in a state that does not allow the request.');
  add('408', 'The body did not arrive in time.');
  add('413', 'The body is larger than BODY_LIMIT_MB, or contains more than a request may contain.');
  add('415', 'The content type or encoding of the body is not supported.');
}

/** Routes whose work is given up at a deadline. */
const SUBMITS =
  /^\/(fwd|fwdbwd|forward|optim_step|generate|save_weights|save_weights_for_sampler|load_weights)$|^\/v1\/(chat\/completions|completions|messages)$|^\/api\/v1\/(asample|forward|forward_backward|optim_step|save_weights|save_weights_for_sampler|load_weights)$/;

const TIMEOUT = {
  name: TIMEOUT_HEADER,
  in: 'header' as const,
  required: false,
  description:
    'Milliseconds from the arrival of the request after which its work is cancelled: operations that have not ' +
    'begun never run, and running samples stop.',
  schema: { type: 'integer' as const, minimum: 1, maximum: MAX_TIMEOUT_MS },
  example: 30_000,
};

const RETRY_AFTER = {
  headers: {
    'Retry-After': {
      description: 'Seconds after which to send the request again.',
      schema: { type: 'integer' as const, example: 5 },
    },
  },
};

function namesSomething({ requestBody, parameters = [] }: Operation): boolean {
  return Boolean(requestBody) || parameters.some((parameter) => 'in' in parameter && parameter.in === 'path');
}

/** Our own routes refuse query parameters that they do not know. */
function takesInput(path: string, { requestBody, parameters = [] }: Operation): boolean {
  return Boolean(requestBody) || parameters.length > 0 || !/^\/(api\/v1\/|healthz|readyz|hf\/|$)/.test(path);
}
