/**
 * The types of clients/typescript, generated from openapi.json: `--write` writes them, `--check` fails if they are out of
 * date. They describe the root routes and those under /v1; the Tinker dialect has a client of its own.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { projectRoot } from './lib/bootstrap.mjs';

const FILE = path.join('clients', 'typescript', 'src', 'api-types.ts');
/** The one route of the Tinker dialect that the root routes lack. */
const CANCEL = '/api/v1/cancel_future';
const HEADER = `/** Generated from openapi.json by \`npm run openapi\`. Do not edit. */\n\n`;
const BLOB = ts.factory.createTypeReferenceNode('Blob');

/** The routes of the client. Refusals are left out: they are all alike, and thrown as errors. */
function clientRoutes(paths) {
  const chosen = Object.entries(paths).filter(([route]) => route === CANCEL || !/^\/(api\/v1|hf|admin)\//.test(route));
  const described = chosen.map(([route, item]) => [
    route,
    Object.fromEntries(Object.entries(item).map(([method, operation]) => [method, withoutRefusals(operation)])),
  ]);
  return Object.fromEntries(described);
}

function withoutRefusals(operation) {
  const answers = Object.entries(operation.responses).filter(([status]) => /^2/.test(status));
  return { ...operation, responses: Object.fromEntries(answers) };
}

/** Only the schemas that are reachable from `roots`. */
function reachable(schemas, roots) {
  const found = new Set();
  const visit = (value) => {
    for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (found.has(name)) continue;
      if (!(name in schemas)) throw new Error(`openapi.json refers to ${name}, which it does not describe.`);
      found.add(name);
      visit(schemas[name]);
    }
  };
  visit(roots);
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => found.has(name)));
}

async function generate() {
  const document = JSON.parse(readFileSync(path.join(projectRoot, 'openapi.json'), 'utf8'));
  const { schemas } = document.components;
  const paths = clientRoutes(document.paths);
  const errors = [{ $ref: '#/components/schemas/ErrorDto' }, { $ref: '#/components/schemas/OpenAiErrorDto' }];
  const ast = await openapiTS(
    { ...document, paths, components: { schemas: reachable(schemas, [paths, errors]) } },
    {
      defaultNonNullable: false, // a field with a default may be left out of a request
      emptyObjectsUnknown: true, // an object without described fields may have any
      transform: ({ format }) => (format === 'binary' ? BLOB : undefined),
    },
  );
  return HEADER + astToString(ast);
}

const text = await generate();
const file = path.join(projectRoot, FILE);
if (process.argv.includes('--write')) {
  writeFileSync(file, text);
} else if (readFileSync(file, 'utf8') !== text) {
  console.error(`${FILE} is out of date. Run: npm run openapi`);
  process.exitCode = 1;
}
