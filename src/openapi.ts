import { readFileSync, writeFileSync } from 'node:fs';
import { type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, getSchemaPath, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { AppModule } from './app.module.js';
import { ErrorDto } from './common/http/error.dto.js';
import { VERSION } from './common/version.js';
import { AppConfig } from './config/app-config.js';
import { runsAsScript } from './config/runs-as-script.js';

/**
 * The OpenAPI document. As a script: `--write` writes openapi.json, `--check` fails when it is out of date. Neither
 * needs a database: in preview mode no provider is made.
 */
export function buildOpenApi(app: INestApplication): OpenAPIObject {
  const info = new DocumentBuilder()
    .setTitle('Thinker')
    .setDescription(
      'Self-hosted LLM fine-tuning: clients send data and losses, the service trains one LoRA adapter per client. ' +
        'Requests that compute are answered at once with a `request_id`; POST /retrieve_future gives the result.',
    )
    .setVersion(VERSION)
    .addGlobalResponse({
      status: 'default',
      description:
        'Any failure: `error` has code, category, message, and in details the field at fault and the remedy.',
      content: { 'application/json': { schema: { $ref: getSchemaPath(ErrorDto) } } },
    })
    .build();
  return SwaggerModule.createDocument(app, info, {
    extraModels: [ErrorDto],
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
}

/** Adds /docs (Swagger UI) and /docs-json. */
export function serveDocs(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => buildOpenApi(app));
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

/** Same document, same text: keys do not depend on the order in which modules load. Lists keep their order. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]));
}

if (runsAsScript(import.meta.url)) await main();
