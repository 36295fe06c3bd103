/**
 * Fails for an import that goes against the layers of scripts/lib/import-rules.mjs: upwards, past another module's
 * index.ts, of a package where it does not belong, of a wire DTO where domain types belong, of tests from the service,
 * of the service from examples and e2e tests, or round in a circle; and for a folder that names an SQL table which
 * scripts/lib/table-rules.mjs does not grant it.
 *
 *   node scripts/check-imports.mjs [folder]     (default: this project)
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import {
  CLIENT_PACKAGES,
  CONSOLE_PACKAGES,
  DIALECTS,
  LAYERS,
  PACKAGES,
  PURE,
  ROOT_FILES,
  WIRE_FILES,
} from './lib/import-rules.mjs';
import { entityOf, tableNamesOf } from './lib/table-names.mjs';
import { TABLES } from './lib/table-rules.mjs';

const FOLDERS = ['src', 'clients/typescript/src', 'console/src', 'migrations', 'test', 'examples', 'bench'];
const isSpec = (file) => file.endsWith('.spec.ts');

function sourceFiles(root) {
  return FOLDERS.filter((folder) => existsSync(path.join(root, folder))).flatMap((folder) =>
    readdirSync(path.join(root, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && /\.(ts|tsx|mts|mjs)$/.test(entry.name))
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
      .filter((file) => !file.includes('/node_modules/')),
  );
}

/** `{ specifier, names, typeOnly, line }` for every import, export-from and import() of a file. */
function importsOf(root, file) {
  const source = ts.createSourceFile(file, readFileSync(path.join(root, file), 'utf8'), ts.ScriptTarget.ESNext, true);
  const found = [];
  const add = (node, text, typeOnly, bindings) => {
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    const names = (bindings?.elements ?? []).map(({ propertyName, name }) => (propertyName ?? name).text);
    found.push({ specifier: text, names, typeOnly, line });
  };
  const visit = (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      const bindings = node.exportClause ?? node.importClause?.namedBindings;
      add(node, node.moduleSpecifier.text, Boolean(node.isTypeOnly || node.importClause?.isTypeOnly), bindings);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      if (ts.isStringLiteralLike(node.arguments[0])) add(node, node.arguments[0].text, false);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function resolveRelative(root, file, specifier) {
  const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier));
  const sources = [target.replace(/\.(m?)js$/, '.$1ts'), target.replace(/\.js$/, '.tsx')];
  return sources.find((source) => existsSync(path.join(root, source))) ?? target;
}

/** The deepest folder of the table that holds the file. */
function layerOf(file) {
  const layers = Object.keys(LAYERS).filter((layer) => file.startsWith(`${layer}/`));
  return layers.sort((a, b) => b.length - a.length)[0];
}

const isEntity = (file) => file.endsWith('.entity.ts');

/** Why `file` may not import the project's file `target`, or undefined. */
export function layerFault(file, target) {
  if (/^(examples|test\/e2e)\//.test(file)) {
    return /^(src|migrations)\//.test(target) ? `${path.dirname(file)} knows the service by HTTP only` : undefined;
  }
  if (file.startsWith('clients/'))
    return target.startsWith('clients/') ? undefined : 'the client knows the service by its API only';
  if (file.startsWith('console/'))
    return /^(console|clients)\//.test(target) ? undefined : 'the console knows the service by its API only';
  if (file.startsWith('migrations/'))
    return target.startsWith('src/') ? 'migrations import nothing from src' : undefined;
  if (!file.startsWith('src/')) return undefined;
  if (/^(test|bench|examples)\//.test(target))
    return isSpec(file) ? undefined : 'the service does not import its tests';
  if (!target.startsWith('src/')) return undefined;
  if (ROOT_FILES.some((pattern) => pattern.test(file))) return undefined;
  const [from, to] = [layerOf(file), layerOf(target)];
  if (from === undefined) return `${path.dirname(file)} is not in the table of layers`;
  if (from === to) return undefined;
  if (isEntity(file) && isEntity(target)) return undefined; // a foreign key names the other table
  if (isSpec(file)) return undefined; // a test may bring together what the code keeps apart
  if (to === undefined || !LAYERS[from].includes(to)) return `${from} must not know ${to ?? target}`;
  if (to.startsWith('src/modules/') && target !== `${to}/index.ts`) return `${to} is entered by its index.ts only`;
  return undefined;
}

/** Why `file` may not import `names`, where they are wire DTOs, from the project's file `target`; or undefined. */
export function wireFault(file, target, names) {
  if (!file.startsWith('src/modules/') || isSpec(file) || file.endsWith('/index.ts')) return undefined;
  const isIndex = target.startsWith('src/modules/') && target.endsWith('/index.ts');
  if (!target.endsWith('.dto.ts') && !(isIndex && names.some((name) => name.endsWith('Dto')))) return undefined;
  if (!WIRE_FILES.some((pattern) => pattern.test(file)))
    return 'only controllers, readers and presenters know wire DTOs';
  const dialect = DIALECTS.find((folder) => file.startsWith(`${folder}/`));
  return dialect && isIndex ? `${dialect} does not use the DTOs of another dialect` : undefined;
}

/** Why `file` may not use the package, or undefined. */
export function packageFault(file, specifier) {
  if (specifier.startsWith('node:'))
    return file.startsWith('clients/') ? 'browsers have no modules of Node' : undefined;
  if (!isSpec(file) && PURE.some((pattern) => pattern.test(file))) return 'this folder uses no packages';
  if (file.startsWith('examples/loss-plugins/') && /^thinker\/losses(\/|$)/.test(specifier)) return undefined;
  if (file === 'examples/example-client.mjs' && specifier === '@thinker/client') return undefined;
  if (file.startsWith('examples/')) return 'an example runs with Node alone';
  if (file.startsWith('migrations/') && specifier !== 'typeorm') return 'migrations use typeorm only';
  if (file.startsWith('clients/') && !isSpec(file) && !CLIENT_PACKAGES.test(specifier))
    return 'the client has few dependencies, which run in browsers';
  if (file.startsWith('console/') && !isSpec(file) && !CONSOLE_PACKAGES.test(specifier))
    return 'the console has few packages, which its pages load';
  if (isSpec(file) || !file.startsWith('src/')) return undefined;
  const rule = PACKAGES.find(({ packages, only }) => packages.test(specifier) && !only.test(file));
  return rule?.why;
}

/** The first circle of value imports through each file, each circle once. */
function circles(graph) {
  const found = [];
  const state = new Map();
  const visit = (file, trail) => {
    state.set(file, 'open');
    for (const next of graph.get(file) ?? []) {
      if (state.get(next) === 'open') found.push([...trail.slice(trail.indexOf(next)), next].join(' -> '));
      else if (!state.has(next)) visit(next, [...trail, next]);
    }
    state.set(file, 'done');
  };
  for (const file of graph.keys()) if (!state.has(file)) visit(file, [file]);
  return found;
}

/** All faults of the tree under `root`, one line each. */
export function checkImports(root) {
  const faults = [];
  const graph = new Map();
  for (const file of sourceFiles(root)) {
    const targets = [];
    for (const { specifier, names, typeOnly, line } of importsOf(root, file)) {
      const target = specifier.startsWith('.') ? resolveRelative(root, file, specifier) : undefined;
      const fault = target
        ? (layerFault(file, target) ?? wireFault(file, target, names))
        : packageFault(file, specifier);
      if (fault) faults.push(`${file}:${line}  imports ${specifier}: ${fault}`);
      if (target && !typeOnly) targets.push(target);
    }
    graph.set(file, targets);
  }
  return [...faults, ...circles(graph).map((circle) => `circle of imports: ${circle}`)];
}

/** The classes of entities with their tables, and a fault for each table that is not its folder's. */
function readEntities(root, files, tables) {
  const entities = new Map();
  const faults = [];
  for (const file of files.filter(isEntity)) {
    const entity = entityOf(readFileSync(path.join(root, file), 'utf8'));
    if (entity === undefined) continue;
    entities.set(entity.className, entity.table);
    const owner = tables[entity.table]?.owner;
    if (owner === undefined) faults.push(`${file}  table ${entity.table} is not in the list of tables`);
    else if (layerOf(file) !== owner) faults.push(`${file}  table ${entity.table} belongs to ${owner}`);
  }
  return { entities, faults };
}

/** All faults against the list of tables under `root`, one line each. Tests may look at any table. */
export function checkTables(root, tables = TABLES) {
  const files = sourceFiles(root).filter(
    (file) => file.startsWith('src/') && !isSpec(file) && !ROOT_FILES.some((pattern) => pattern.test(file)),
  );
  const { entities, faults } = readEntities(root, files, tables);
  const known = new Set(Object.keys(tables));
  const used = new Set();
  for (const file of files) {
    const folder = layerOf(file);
    for (const { table, line } of tableNamesOf(file, readFileSync(path.join(root, file), 'utf8'), known, entities)) {
      used.add(`${table} ${folder}`);
      const { owner, others } = tables[table];
      if (folder !== owner && others[folder] === undefined)
        faults.push(`${file}:${line}  names table ${table}, which belongs to ${owner}`);
    }
  }
  for (const [table, { others }] of Object.entries(tables)) {
    for (const folder of Object.keys(others)) {
      if (!used.has(`${table} ${folder}`))
        faults.push(`${folder} does not name table ${table}: delete it from the list`);
    }
  }
  return faults;
}

if (process.argv[1] === import.meta.filename) {
  const root = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '..'));
  const faults = [...checkImports(root), ...checkTables(root)];
  for (const fault of faults) console.error(fault);
  console.log(
    faults.length === 0
      ? 'Imports keep to the layers, and SQL to its tables.'
      : `${faults.length} faults against the layers or the list of tables.`,
  );
  process.exitCode = faults.length === 0 ? 0 : 1;
}
