import { readFileSync, writeFileSync } from 'node:fs';
import { type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, getSchemaPath, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { AppModule } from './app.module.js';
import { isAnthropicRoute, toAnthropicStatus } from './common/http/errors/anthropic-error-body.js';
import { AnthropicErrorDto, ErrorDto, OpenAiErrorDto } from './common/http/errors/error.dto.js';
import { isOpenAiRoute } from './common/http/errors/openai-error-body.js';
import { VERSION } from './common/version.js';
import { AppConfig } from './config/app-config.js';
import { runsAsScript } from './config/runs-as-script.js';
import { isOpen, scopesOfRoute } from './modules/keys/index.js';
import { describeRefusals } from './openapi-refusals.js';

/** Groups in the order of Swagger UI: our own routes, those of the Tinker SDK, those of the hub. */
const TAGS = {
  adapters: 'Create, list, export and delete LoRA adapters.',
  training: 'Forward, backward and optimiser steps.',
  futures: 'Results and lists of operations.',
  generation: 'Sample text.',
  captures: 'Captured requests, feedback on their answers, and training files created from both.',
  aliases: 'Names for the current version of a model, which can be promoted and rolled back.',
  checkpoints: 'Save and load weights.',
  webhooks: 'Notify other programs of events.',
  losses: 'Loss functions with their inputs and settings.',
  admin: 'Keys, owners, operations and workers; for operators, with one of ADMIN_KEYS.',
  service: 'Health, capabilities and overview of the server.',
  console: 'Sessions of the web console at /console.',
  openai: 'OpenAI API: sample from base models, adapters and sampler weights with existing clients.',
  anthropic: 'Anthropic Messages API: the same models for clients of Anthropic.',
  'tinker: service': 'Tinker SDK: client settings, sessions and base models.',
  'tinker: models': 'Tinker SDK: models to train. Each is an adapter, so the root routes accept their ids as well.',
  'tinker: training': 'Tinker SDK: forward, backward and optimiser steps, as JSON or protobuf.',
  'tinker: futures': 'Tinker SDK: results of operations, as JSON or protobuf.',
  'tinker: sampling': 'Tinker SDK: sample from a base model or from saved weights.',
  'tinker: weights': 'Tinker SDK: save and load weights.',
  'tinker: runs': 'Tinker SDK: training runs and their checkpoints.',
  'tinker: records': 'Tinker SDK: sessions, the audit log, usage.',
  hub: 'Tokenizer files of the base models, for clients with HF_ENDPOINT=<server>/hf.',
};

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** Names of the security schemes: what Swagger UI's "Authorize" asks for. */
const KEY = 'api_key';
const BEARER = 'bearer';

/**
 * The OpenAPI document. As a script: `--write` writes openapi.json, `--check` fails when it is out of date. Neither
 * needs a database: in preview mode no provider is made.
 */
export function buildOpenApi(app: INestApplication): OpenAPIObject {
  const info = new DocumentBuilder()
    .setTitle('Thinker')
    .setDescription(
      'Self-hosted LLM fine-tuning: clients send data and losses, the service trains one LoRA adapter per client. ' +
        'Requests that compute return a `request_id` immediately; POST /retrieve_future returns the result. ' +
        'The examples work unmodified once POST /adapters has created `my-model`; the ids of sessions, samplers ' +
        'and requests in them are placeholders, which Swagger UI replaces with those of earlier responses.',
    )
    .setVersion(VERSION)
    .addApiKey(
      { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'If the server requires an API key.' },
      KEY,
    )
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'The same key, for clients that send it as a bearer token.' },
      BEARER,
    )
    // Any of these: a server without keys asks for none.
    .addSecurityRequirements(KEY)
    .addSecurityRequirements(BEARER)
    .addSecurityRequirements({})
    .addGlobalResponse({
      status: 'default',
      description:
        'An error: `error` has a code, category and message, and in details the field that caused it and the remedy.',
      content: { 'application/json': { schema: { $ref: getSchemaPath(ErrorDto) } } },
    })
    .build();
  info.tags = Object.entries(TAGS).map(([name, description]) => ({ name, description }));
  const document = SwaggerModule.createDocument(app, info, {
    extraModels: [ErrorDto, OpenAiErrorDto, AnthropicErrorDto],
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of ['get', 'put', 'post', 'patch', 'delete'] as const) {
      const operation = item[method];
      if (!operation) continue;
      if (isOpen(path)) operation.security = [];
      describeScopes(path, method, operation);
      describeRefusals(path, method, operation);
      describeBytes(operation);
      if (isAnthropicRoute(path)) describeAnthropicErrors(operation);
      else if (isOpenAiRoute(path)) describeErrors(operation, OpenAiErrorDto);
    }
  }
  return document;
}

/** @throws Error for a route of which nobody has declared what it asks of a key */
function describeScopes(path: string, method: string, operation: Operation): void {
  const scopes = scopesOfRoute(method, path);
  if (scopes === undefined) {
    throw new Error(
      `Declare which scope ${method.toUpperCase()} ${path} takes, in src/modules/keys/scopes/route-scopes.ts`,
    );
  }
  if (scopes !== 'none') Object.assign(operation, { 'x-key-scopes': scopes });
}

/** Decorators give one schema to all types that a body can have, but only JSON and forms have fields. */
function describeBytes({ requestBody }: Operation): void {
  if (!requestBody || !('content' in requestBody)) return;
  for (const type of Object.keys(requestBody.content)) {
    if (/json|form/.test(type)) continue;
    requestBody.content[type] = { schema: { type: 'string', format: 'binary' } };
  }
}

/** What all routes share describes the errors of the root routes. Responses may be one object of several routes. */
function describeErrors({ responses }: Operation, type: Type): void {
  for (const [status, response] of Object.entries(responses)) {
    if (!response || !('content' in response)) continue;
    const schema = response.content?.['application/json']?.schema;
    if (!schema || !('$ref' in schema) || schema.$ref !== getSchemaPath(ErrorDto)) continue;
    const content = { 'application/json': { schema: { $ref: getSchemaPath(type) } } };
    responses[status] = { ...response, content };
  }
}

/** Some have a status of their own there. */
function describeAnthropicErrors(operation: Operation): void {
  for (const [status, response] of Object.entries(operation.responses)) {
    const own = String(toAnthropicStatus(Number(status)));
    if (status === 'default' || own === status) continue;
    operation.responses[own] = response;
    delete operation.responses[status];
  }
  describeErrors(operation, AnthropicErrorDto);
}

const FILE = 'openapi.json';

async function main(): Promise<void> {
  const config = AppConfig.fromEnv({ DATABASE_URL: 'postgres://none@127.0.0.1/none' });
  const app = await NestFactory.create(AppModule.forRoot(config), { preview: true, logger: ['error'] });
  const text = `${JSON.stringify(sortKeys(buildOpenApi(app)), null, 2)}\n`;
  if (process.argv.includes('--write')) {
    writeFileSync(FILE, text);
  } else if (readFileSync(FILE, 'utf8') !== text) {
    console.error(`${FILE} is out of date. Run: npm run build && node dist/src/openapi.js --write`);
    process.exitCode = 1;
  }
}

/**
 * Same document, same text: keys do not depend on the order in which modules load, nor the values of an enum on the
 * order in which the compiler met them. Other lists keep their order.
 */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, key === 'enum' ? sorted(item) : sortKeys(item)]));
}

function sorted(values: unknown): unknown {
  return Array.isArray(values) ? values.toSorted((a, b) => (String(a) < String(b) ? -1 : 1)) : values;
}

if (runsAsScript(import.meta.url)) await main();
