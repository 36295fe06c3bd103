import { getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';
import { ErrorDto } from './common/http/error.dto.js';
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
  add('421', 'The server asks for no key, and the request was sent to a name that is not its own.');
  if (method !== 'get') {
    add(
      '403',
      'Not allowed, and `error.code` says why: a web page of another origin (CORS_ORIGINS), a limit of the key.',
    );
  }
  if (namesSomething(operation)) add('404', 'Something that the request names does not exist, or is of another key.');
  if (takesInput(path, operation)) {
    add('400', 'The request is not valid: `error.details.field` names what is at fault.');
  }
  if (!isOpen(path)) {
    add('401', 'Keys are configured, and the request has none of them, or two different ones.');
    add('503', 'The database is away for longer than requests wait for it: send it again.', RETRY_AFTER);
  }
  if (!operation.requestBody) return;
  add('409', 'What the request names is taken, or in a state that does not allow it.');
  add('408', 'The body did not come in time.');
  add('413', 'The body is larger than BODY_LIMIT_MB, or holds more than one request may.');
  add('415', 'The body is in an encoding or of a type that is not read here.');
  add('429', 'Too many requests wait, or too many bodies are being received: send it again.', RETRY_AFTER);
}

const RETRY_AFTER = {
  headers: {
    'Retry-After': {
      description: 'Seconds after which to send it again.',
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
