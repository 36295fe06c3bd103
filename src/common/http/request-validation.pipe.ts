import {
  type ArgumentMetadata,
  Injectable,
  ValidationPipe,
  type ValidationError,
  type ValidationPipeOptions,
} from '@nestjs/common';
import { InvalidRequestError } from '../errors/request.errors.js';
import { acceptsUnknownFields } from './accepts-unknown-fields.js';
import { restoreNumberArrays, takeNumberArrays } from './number-arrays.js';

const OPTIONS: ValidationPipeOptions = {
  transform: true,
  whitelist: true,
  exceptionFactory: (errors) => toInvalidRequest(errors),
};

/**
 * Nest's validation with three differences: long arrays of numbers bypass class-transformer and class-validator, errors
 * name fields by their path, and unknown fields are refused unless the DTO says @AcceptsUnknownFields().
 */
@Injectable()
export class RequestValidationPipe extends ValidationPipe {
  private readonly lenient = new ValidationPipe(OPTIONS);

  constructor() {
    super({ ...OPTIONS, forbidNonWhitelisted: true });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type !== 'body') return super.transform(value, metadata) as Promise<unknown>;
    if (metadata.metatype !== undefined && this.toValidate(metadata) && (typeof value !== 'object' || value === null)) {
      throw new InvalidRequestError('The request has no JSON body.', {
        remedy: 'Send a JSON object with the header Content-Type: application/json.',
      });
    }
    const { rest, taken } = takeNumberArrays(value);
    const lenient = metadata.metatype !== undefined && acceptsUnknownFields(metadata.metatype);
    const result: unknown = await (lenient ? this.lenient.transform(rest, metadata) : super.transform(rest, metadata));
    restoreNumberArrays(result, taken);
    return result;
  }
}

interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

function toInvalidRequest(errors: ValidationError[]): InvalidRequestError {
  const problems = errors.flatMap((error) => listProblems(error, ''));
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more, see details.problems)` : '';
  return new InvalidRequestError(`${first?.message ?? 'The request is not valid'}${more}.`, {
    field: first?.field,
    problems,
  });
}

function listProblems(error: ValidationError, parent: string): FieldProblem[] {
  const field = /^\d+$/.test(error.property)
    ? `${parent}[${error.property}]`
    : parent === ''
      ? error.property
      : `${parent}.${error.property}`;
  const own = Object.entries(error.constraints ?? {}).map(([rule, text]) => ({
    field,
    message: describe(rule, field, text, error),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => listProblems(child, field))];
}

/** class-validator starts its texts with the property's bare name; the path says more. */
function describe(rule: string, field: string, text: string, error: ValidationError): string {
  if (rule === 'whitelistValidation') return `${field} is not a field of this request`;
  return text.startsWith(`${error.property} `) ? field + text.slice(error.property.length) : `${field}: ${text}`;
}
