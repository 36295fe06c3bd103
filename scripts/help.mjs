/** npm run help: lists every task with a description. Fails if a task has no description, or a description no task. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './lib/bootstrap.mjs';

const TASKS = {
  quickstart: 'start everything and run the example (-- --help shows the options)',
  start: 'run the built service; needs DATABASE_URL, and REDIS_URL unless ROLE=all',
  setup: 'install packages and build, if necessary',
  'setup:torch': 'create the Python environment of BACKEND=torch (-- --megatron adds Megatron-Core)',
  build: 'compile to dist/',
  test: 'run all test tiers (-- unit medium conformance numerics e2e chaos selects tiers; other arguments go to vitest)',
  'test:sdk':
    'test the Tinker SDK against the service (-- <version> --backend=torch select; other arguments go to pytest)',
  'test:clients':
    'test the Python packages of OpenAI and Anthropic, LangChain and the AI SDK (other arguments go to vitest)',
  'test:torch': 'test the torch ranks, and the conformance of the engines on them (other arguments go to vitest)',
  check: 'check lint, format, types, imports, generated files and migrations',
  lint: 'run ESLint',
  'check:format': 'check the format with Prettier',
  format: 'format with Prettier',
  typecheck: 'check the types with TypeScript',
  'check:imports': 'check the import layers',
  'check:words': 'check the wording against the word list',
  'check:tasks': 'check this list against package.json',
  'check:openapi': 'check that openapi.json and the types of clients/typescript are up to date',
  'check:env': 'check that .env.example is up to date',
  'check:migrations': 'check the migrations against the entities, on an empty database',
  openapi: 'generate openapi.json and the types of clients/typescript',
  'env:example': 'generate .env.example',
  'migration:generate': 'generate a migration from the entities (-- <name>)',
  example: 'run the example client against a running service (-- <address>)',
  keys: 'manage API keys and their resources (-- create <name> | list | revoke | adopt | transfer)',
  backup: 'write the database and the files that its rows name to a new folder (-- <folder>)',
  restore: 'put a backup into an empty database and an empty DATA_DIR (-- <folder>)',
  'move-to-s3': 'copy the checkpoints and files of DATA_DIR to the bucket of CHECKPOINT_STORE',
  chaos:
    'train while processes are killed and compare with an undisturbed run (-- --faults 100 --seed 7 --backend torch)',
  bench: 'run benchmarks and write bench/RESULTS.md (-- --help shows the options)',
  help: 'show this list',
};

const given = Object.keys(JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')).scripts);
const undescribed = given.filter((name) => !(name in TASKS));
const unknown = Object.keys(TASKS).filter((name) => !given.includes(name));

if (process.argv.includes('--check')) {
  for (const name of undescribed) console.error(`scripts/help.mjs has no description of the task ${name}.`);
  for (const name of unknown) console.error(`scripts/help.mjs describes ${name}, which is not a task in package.json.`);
  process.exitCode = undescribed.length + unknown.length === 0 ? 0 : 1;
} else {
  const width = Math.max(...given.map((name) => name.length));
  for (const name of given) console.log(`npm run ${name.padEnd(width)}  ${TASKS[name] ?? ''}`);
}
