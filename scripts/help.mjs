/** npm run help: every task with a line on what it does. Fails when a task has no line here, or a line has no task. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './lib/bootstrap.mjs';

const TASKS = {
  quickstart: 'start everything and run the example (-- --help for its options)',
  start: 'run the built service; needs DATABASE_URL, and REDIS_URL unless ROLE=all',
  setup: 'install packages and build, where needed',
  build: 'compile to dist/',
  test: 'all tiers (-- unit medium conformance numerics e2e chaos to pick some; the rest goes to vitest)',
  'test:sdk': 'the Tinker SDK from PyPI against the service (-- <version> to pick one; the rest goes to pytest)',
  check: 'lint, format, types, imports, generated files, migrations',
  lint: 'eslint',
  'check:format': 'what prettier would change',
  format: 'write what prettier wants',
  typecheck: 'TypeScript without output',
  'check:imports': 'the layers of imports',
  'check:tasks': 'this list against package.json',
  'check:openapi': 'openapi.json against the code',
  'check:env': '.env.example against the settings',
  'check:migrations': 'migrations against the entities, on an empty database',
  openapi: 'write openapi.json',
  'env:example': 'write .env.example',
  'migration:generate': 'write a migration for what the entities have and the migrations lack (-- <name>)',
  example: 'run the example client against a running service (-- <address>)',
  keys: 'API keys, and handing over what belongs to them (-- create <name> | list | revoke | adopt | transfer)',
  chaos: 'train while processes are killed, compare with an undisturbed run (-- --faults 100 --seed 7)',
  bench: 'measure against PyTorch, or for the Tinker SDK, and write bench/RESULTS.md (-- --help for its options)',
  help: 'this list',
};

const given = Object.keys(JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')).scripts);
const silent = given.filter((name) => !(name in TASKS));
const gone = Object.keys(TASKS).filter((name) => !given.includes(name));

if (process.argv.includes('--check')) {
  for (const name of silent) console.error(`The task ${name} of package.json is not described in scripts/help.mjs.`);
  for (const name of gone) console.error(`scripts/help.mjs describes ${name}, which package.json does not have.`);
  process.exitCode = silent.length + gone.length === 0 ? 0 : 1;
} else {
  const width = Math.max(...given.map((name) => name.length));
  for (const name of given) console.log(`npm run ${name.padEnd(width)}  ${TASKS[name] ?? ''}`);
}
