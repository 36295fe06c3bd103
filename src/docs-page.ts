import { type INestApplication } from '@nestjs/common';
import { getSchemaPath, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { Request } from 'express';
import { BaseModelCatalog, DEFAULT_BASE_MODEL } from './base-models/base-model-catalog.js';
import { DatabaseOutageError } from './common/errors/database-outage.error.js';
import { NotFoundError } from './common/errors/request.errors.js';
import { toErrorBody } from './common/http/errors/app-exception.filter.js';
import { ErrorDto } from './common/http/errors/error.dto.js';
import { namesThisServer } from './common/http/access/host-names.js';
import { serverAddress } from './common/http/server/server-address.js';
import { AppConfig } from './config/app-config.js';
import { QueueFullError } from './modules/futures/index.js';
import { ApiKeys, UnauthorizedError } from './modules/keys/index.js';
import { buildOpenApi } from './openapi.js';

/** Where the commands of the descriptions send requests. */
const EXAMPLE_ADDRESS = 'http://127.0.0.1:8000';

/** Refusals by status; the example of their schema is a 400. */
const REFUSALS = [
  new UnauthorizedError(false),
  new NotFoundError('Adapter', 'my-model', { field: 'model_id', remedy: 'Create it with POST /adapters.' }),
  new QueueFullError('key', 10_000, 10_000),
  new DatabaseOutageError(undefined),
];

type Route = NonNullable<OpenAPIObject['paths'][string]['get']>;

/**
 * Adds /docs (Swagger UI) and /docs-json. Examples name the server's own base model and address, so that they can be
 * sent as they stand.
 */
export function serveDocs(app: INestApplication): void {
  const [config, keys] = [app.get(AppConfig), app.get(ApiKeys)];
  const ours = () =>
    replace(withRefusals(buildOpenApi(app)), DEFAULT_BASE_MODEL, app.get(BaseModelCatalog).default().name);
  SwaggerModule.setup('docs', app, ours, {
    customSiteTitle: 'Thinker API',
    swaggerOptions: {
      // All schemas stand with the routes that use them: the list of them at the end is folded.
      defaultModelsExpandDepth: 0,
      displayRequestDuration: true,
      filter: true,
      validatorUrl: 'none',
      requestInterceptor: putIds,
      responseInterceptor: keepIds,
    },
    patchDocumentOnRequest: async (asked: unknown, _response: unknown, document: OpenAPIObject) => {
      const request = asked as Request;
      const isKnown = config.publicUrl !== '' || namesThisServer(request, config);
      const address = isKnown ? serverAddress(request, config) : EXAMPLE_ADDRESS;
      const addressed = replace(document, EXAMPLE_ADDRESS, address);
      if (!request.path.endsWith('.js')) return addressed;
      const asksForKey = (await keys.callerOf(undefined).catch(() => null)) === null;
      return asForms(addressed, asksForKey);
    },
  });
}

/** Gives each refusal an example of its own status, here and not in openapi.json, which it would make half as long again. */
function withRefusals(document: OpenAPIObject): OpenAPIObject {
  for (const { responses } of Object.values(document.paths).flatMap(routesOf)) {
    for (const error of REFUSALS) {
      const response = responses[error.status];
      const content = response && 'content' in response ? response.content?.['application/json'] : undefined;
      if (!content?.schema || !('$ref' in content.schema) || content.schema.$ref !== getSchemaPath(ErrorDto)) continue;
      content.example = toErrorBody(error);
    }
  }
  return document;
}

function routesOf(item: OpenAPIObject['paths'][string]): Route[] {
  return [item.get, item.put, item.post, item.patch, item.delete].filter((route) => route !== undefined);
}

/** A copy of the document in which one text stands for another. */
function replace(document: OpenAPIObject, text: string, by: string): OpenAPIObject {
  return JSON.parse(JSON.stringify(document).replaceAll(text, () => JSON.stringify(by).slice(1, -1))) as OpenAPIObject;
}

/** Changes the document to what Swagger UI makes good forms of; programs read it as it was. */
function asForms(document: OpenAPIObject, asksForKey: boolean): OpenAPIObject {
  // It takes "with or without a key" for authorized already, and shows all locks closed.
  document.security = asksForKey ? document.security?.filter((way) => Object.keys(way).length > 0) : [];
  if (!asksForKey) delete document.components?.securitySchemes;
  for (const route of Object.values(document.paths).flatMap(routesOf)) emptyOptional(route);
  return document;
}

/** It fills every field with its example and sends it: optional ones would filter, and page, by what nobody typed. */
function emptyOptional({ parameters = [] }: Route): void {
  for (const parameter of parameters) {
    if ('$ref' in parameter || parameter.required) continue;
    const schema = parameter.schema && !('$ref' in parameter.schema) ? parameter.schema : undefined;
    const example: unknown = parameter.example ?? schema?.example;
    if (example === undefined) continue;
    parameter.description =
      `${parameter.description ?? ''} Example: \`${typeof example === 'string' ? example : JSON.stringify(example)}\``.trim();
    delete parameter.example;
    delete schema?.example;
  }
}

/** The newest id of each kind that the server has answered; lives in the browser. */
interface Page {
  newestIds?: Record<string, string>;
}

/**
 * Runs in the browser, so it may name nothing from outside itself. The ids of the examples stand for those that the
 * server gave last: "Execute" on a request and then on POST /retrieve_future gives its result.
 */
function putIds(request: { url: string; body?: unknown }): object {
  const known = (globalThis as Page).newestIds ?? {};
  const put = (text: string) =>
    text.replace(/(future|session|sampler)_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/g, (id, kind: string) => known[kind] ?? id);
  request.url = put(request.url);
  if (typeof request.body === 'string') request.body = put(request.body);
  return request;
}

/** Runs in the browser, too: keeps the first id of each kind in an answer, which in a list is the newest. */
function keepIds(response: { ok?: boolean; text?: unknown }): object {
  if (!response.ok || typeof response.text !== 'string') return response;
  const ids: Record<string, string> = {};
  for (const [id, kind = ''] of response.text.matchAll(/\b(future|session|sampler)_[0-9A-Z]{26}\b/g)) ids[kind] ??= id;
  const page = globalThis as Page;
  page.newestIds = { ...page.newestIds, ...ids };
  return response;
}
