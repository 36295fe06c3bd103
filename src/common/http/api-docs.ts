import { applyDecorators, type Type } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiExtraModels,
  ApiInternalServerErrorResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiUnprocessableEntityResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { ErrorDto } from './errors/error.dto.js';

interface BodyDocs {
  readonly summary: string;
  /** The command to paste into a shell is added to it. */
  readonly description: string;
  readonly type: Type;
  /**
   * Whole bodies that work as they stand, by what they show; the first one is the command's. Without them Swagger UI
   * would send the examples of all fields together, which no route takes.
   */
  readonly examples: Readonly<Record<string, object>>;
}

/** Describes a POST route that takes JSON, for Swagger UI. `route`: the address, with examples for its parameters. */
export function ApiPost(route: string, docs: BodyDocs): MethodDecorator {
  return describeBody('POST', route, docs);
}

/** The same for a PUT route. */
export function ApiPut(route: string, docs: BodyDocs): MethodDecorator {
  return describeBody('PUT', route, docs);
}

/** The same for a PATCH route. */
export function ApiPatch(route: string, docs: BodyDocs): MethodDecorator {
  return describeBody('PATCH', route, docs);
}

/** Documents the 404 of a route that looks something up. `what`: as in "There is no such <what>." */
export function ApiMissing(what: string): MethodDecorator & ClassDecorator {
  return ApiNotFoundResponse({ type: ErrorDto, description: `The ${what} does not exist or belongs to another key.` });
}

/** Documents how a route fails that answers what became of a computation: as the request did, in its own time. */
export function ApiFailures(): MethodDecorator {
  const failure = (description: string) => ({ type: ErrorDto, description });
  return applyDecorators(
    ApiUnprocessableEntityResponse(failure('The numbers are not finite, or the engine could not compute the request.')),
    ApiInternalServerErrorResponse(failure('An unexpected error; the log contains it under `error.details.error_id`.')),
    ApiResponse({ status: 507, ...failure('There was no disk space left to store the result.') }),
  );
}

/** Documents the 200 of a route that returns JSON, or server-sent events with these data if they are asked for. */
export function ApiStreamable(type: Type, events: readonly Type[], description: string): MethodDecorator {
  const content = { 'application/json': { schema: { $ref: getSchemaPath(type) } }, ...contentOf(events) };
  return applyDecorators(ApiExtraModels(type, ...events), ApiOkResponse({ content, description }));
}

/** Documents the 200 of a route that returns server-sent events with these data. */
export function ApiEvents(events: readonly Type[], description: string): MethodDecorator {
  return applyDecorators(ApiExtraModels(...events), ApiOkResponse({ content: contentOf(events), description }));
}

/** Documents the 400 of a route. */
export function ApiInvalid(
  description = 'The request is invalid; `error.details.field` names the field that caused the error.',
): MethodDecorator & ClassDecorator {
  return ApiBadRequestResponse({ type: ErrorDto, description });
}

function contentOf(events: readonly Type[]) {
  return { 'text/event-stream': { schema: { oneOf: events.map((event) => ({ $ref: getSchemaPath(event) })) } } };
}

function describeBody(
  method: string,
  route: string,
  { summary, description, type, examples }: BodyDocs,
): MethodDecorator {
  const [first] = Object.values(examples);
  const command =
    `curl -X ${method} http://127.0.0.1:8000/${route} -H "Content-Type: application/json" ` +
    `-d '${JSON.stringify(first)}'`;
  return applyDecorators(
    ApiOperation({ summary, description: `${description} Example: \`${command}\`` }),
    ApiBody({
      type,
      examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { summary: name, value }])),
    }),
    ApiInvalid(),
  );
}
