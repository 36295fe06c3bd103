/**
 * The types of clients/typescript and of the web console, generated from openapi.json: `--write` writes them, `--check` fails
 * if they are out of date. The client's describe the root routes and those under /v1; the Tinker dialect has a client of its
 * own. The console's describe what it uses beside them.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { projectRoot } from './lib/bootstrap.mjs';

/** The one route of the Tinker dialect that the root routes lack. */
const CANCEL = '/api/v1/cancel_future';
const OF_CONSOLE = /^\/(admin\/.*|api\/v1\/(checkpoints|billing\/usage\/events))$/;
const TARGETS = [
  {
    file: path.join('clients', 'typescript', 'src', 'api-types.ts'),
    isChosen: (route) => route === CANCEL || !/^\/(api\/v1|hf|admin)\//.test(route),
  },
  { file: path.join('console', 'src', 'lib', 'operator-types.ts'), isChosen: (route) => OF_CONSOLE.test(route) },
];
const HEADER = `/** Generated from openapi.json by \`npm run openapi\`. Do not edit. */\n\n`;
const BLOB = ts.factory.createTypeReferenceNode('Blob');

/** Refusals are left out: they are all alike, and thrown as errors. */
function chosenRoutes(paths, isChosen) {
  const chosen = Object.entries(paths).filter(([route]) => isChosen(route));
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

async function generate(isChosen) {
  const document = JSON.parse(readFileSync(path.join(projectRoot, 'openapi.json'), 'utf8'));
  const { schemas } = document.components;
  const paths = chosenRoutes(document.paths, isChosen);
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

for (const { file, isChosen } of TARGETS) {
  const text = await generate(isChosen);
  const target = path.join(projectRoot, file);
  if (process.argv.includes('--write')) {
    writeFileSync(target, text);
  } else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
    console.error(`${file} is out of date. Run: npm run openapi`);
    process.exitCode = 1;
  }
}
