import {
  type ArgumentMetadata,
  Injectable,
  type Type,
  ValidationPipe,
  type ValidationError,
  type ValidationPipeOptions,
} from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import { InvalidRequestError } from '../../errors/request.errors.js';
import { describe } from '../../json/json-fields.js';
import { shortened } from '../../shortened.js';
import { acceptsUnknownFields } from './accepts-unknown-fields.js';
import { nearestField } from './nearest-field.js';
import { restoreNumberArrays, takeNumberArrays } from './number-arrays.js';

const OPTIONS: ValidationPipeOptions = {
  transform: true,
  whitelist: true,
  // The object of an unknown field, for the names that it could have; it goes into no answer.
  validationError: { target: true },
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
    const lenient = metadata.metatype !== undefined && acceptsUnknownFields(metadata.metatype);
    const validate = (input: unknown): Promise<unknown> =>
      lenient ? this.lenient.transform(input, metadata) : (super.transform(input, metadata) as Promise<unknown>);
    if (metadata.type !== 'body') return validate(value);
    if (metadata.metatype !== undefined && this.toValidate(metadata) && !isJsonObject(value)) {
      throw new InvalidRequestError('The request body is not a JSON object.', {
        remedy: 'Send a JSON object with the header Content-Type: application/json.',
      });
    }
    const named = metadata.metatype === undefined ? value : onlyKnownFields(value, metadata.metatype, lenient);
    const { rest, taken } = takeNumberArrays(named);
    const result = await validate(rest);
    restoreNumberArrays(result, taken);
    return result;
  }
}

/** A list is none, nor are the bytes of a protobuf message. */
function isJsonObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}

/** Problems that an answer lists. */
const MAX_PROBLEMS = 50;

/**
 * Names first: what no field of the request is called is neither copied nor walked, whatever it holds. A lenient DTO
 * drops it; elsewhere the first of them are left, without their values, for the validation to refuse.
 */
function onlyKnownFields(value: unknown, metatype: Type, lenient: boolean): unknown {
  const known = knownFields(metatype);
  if (known.size === 0 || typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  const names = Object.keys(value);
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length === 0) return value;
  const kept = names.filter((name) => known.has(name)).map((name): [string, unknown] => [name, ownField(value, name)]);
  const refused = lenient ? [] : unknown.slice(0, MAX_PROBLEMS + 1).map((name): [string, unknown] => [name, null]);
  return Object.fromEntries([...kept, ...refused]);
}

function ownField(value: object, name: string): unknown {
  return Reflect.get(value, name);
}

const fieldsOf = new WeakMap<Type, ReadonlySet<string>>();

/** Names of the fields of a DTO class; none for a type that is not validated. */
function knownFields(metatype: Type): ReadonlySet<string> {
  const known = fieldsOf.get(metatype);
  if (known) return known;
  const rules = getMetadataStorage().getTargetValidationMetadatas(metatype, '', true, false);
  const names = new Set(rules.map(({ propertyName }) => propertyName));
  fieldsOf.set(metatype, names);
  return names;
}

interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/** A problem whose field the DTO does not have. */
interface FoundProblem extends FieldProblem {
  readonly unknown?: ValidationError;
}

/** class-validator's name for a field that the DTO does not have. */
const UNKNOWN = 'whitelistValidation';
const MAX_HINTS = 50;

/** Rules about the type of a value: where one is broken, the others say nothing of use. */
const TYPE_RULES = new Set(['isString', 'isNumber', 'isInt', 'isBoolean', 'isArray', 'isObject', 'nestedValidation']);

function toInvalidRequest(errors: ValidationError[]): InvalidRequestError {
  const problems = withNearestNames(errors.flatMap((error) => listProblems(error, '')));
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more, see details.problems)` : '';
  const end = more === '' && first?.message.endsWith('?') ? '' : '.';
  return new InvalidRequestError(`${first?.message ?? 'The request is invalid'}${more}${end}`, {
    field: first?.field,
    remedy: 'Correct the field, or omit it if it is optional; /docs describes the fields of every request.',
    problems: problems.slice(0, MAX_PROBLEMS),
  });
}

function listProblems(error: ValidationError, parent: string): FoundProblem[] {
  const name = shortened(error.property);
  const field = /^\d+$/.test(name) ? `${parent}[${name}]` : parent === '' ? name : `${parent}.${name}`;
  const own = brokenRules(error).map(([rule, text]) => {
    return {
      field,
      message: describeProblem(rule, field, text, error),
      ...(rule === UNKNOWN ? { unknown: error } : {}),
    };
  });
  return [...own, ...(error.children ?? []).flatMap((child) => listProblems(child, field))];
}

/** Compares names only for problems that an answer may list: a body can have any number of unknown fields. */
function withNearestNames(problems: readonly FoundProblem[]): FieldProblem[] {
  return problems.map(({ field, message, unknown }, i) => {
    const nearest = unknown && i < MAX_HINTS ? nearestField(unknown.target, unknown.property) : null;
    return { field, message: nearest === null ? message : `${message}. Did you mean ${nearest}?` };
  });
}

function brokenRules({ constraints = {} }: ValidationError): [rule: string, text: string][] {
  const rules = Object.entries(constraints);
  const ofType = rules.filter(([rule]) => TYPE_RULES.has(rule));
  return ofType.length > 0 ? ofType.slice(0, 1) : rules;
}

/** class-validator starts its texts with the property's bare name; the path says more. */
function describeProblem(rule: string, field: string, text: string, error: ValidationError): string {
  if (rule === UNKNOWN) return `${field} is not a field of this request`;
  const problem = rule === 'nestedValidation' ? `${error.property} must be an object` : text;
  const clear = problem.replace('a number conforming to the specified constraints', 'a finite number');
  const full = clear.startsWith(`${error.property} `)
    ? field + clear.slice(error.property.length)
    : `${field}: ${clear}`;
  return `${full}, but is ${describe(error.value)}`;
}
