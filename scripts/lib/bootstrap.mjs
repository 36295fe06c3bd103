/**
 * Brings a fresh clone to the point where the service can start: installs the packages and builds, each only when
 * needed, so that a second start takes a moment. Runs before anything is installed: Node's standard library only.
 *
 * "Needed" is decided by content, not by file times: the packages in node_modules against package-lock.json, and a hash
 * of all sources against the one left by the last build.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tailOf } from './owned-process.mjs';
import { hashOf } from './source-hash.mjs';

export const projectRoot = path.resolve(import.meta.dirname, '..', '..');
const INSTALL_LIMIT_MS = 15 * 60_000;
const PROGRESS_EVERY_MS = 10_000;
const BUILD_INPUTS = [
  'src',
  'clients/typescript/src',
  'migrations',
  'examples',
  'package-lock.json',
  'nest-cli.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

const CONSOLE_INPUTS = ['console', 'clients/typescript/src', 'package-lock.json'];
const JINJA_INPUTS = [
  'src/base-models/chat-templates/jinja',
  'scripts/build-jinja-snapshot.mjs',
  'vendor/python',
  'package-lock.json',
];

/** Installs and builds what is missing. `log` gets one line per thing done and nothing when there is nothing to do. */
export async function bootstrap({ root = projectRoot, log = console.log, build = true, signal } = {}) {
  checkNode(root);
  await ensureDependencies({ root, log, signal });
  if (!build) return;
  await ensureBuild({ root, log, signal });
  await ensureConsole({ root, log, signal });
  await ensureJinjaSnapshot({ root, log, signal });
}

/** Makes the Python environment of the torch ranks, if the service has to start them with it. */
export async function ensureTorch({ root = projectRoot, env = process.env, log = console.log, signal } = {}) {
  const isMegatron = env.BACKEND === 'megatron' || /^(true|t|yes|on|1)$/.test(env.USE_MEGATRON ?? '');
  if ((env.BACKEND !== 'torch' && !isMegatron) || env.TORCH_PYTHON || env.TORCH_LISTEN) return;
  log('Looking for PyTorch in .venv-torch; the first time it is installed, which takes some minutes ...');
  const command = path.join(root, 'scripts', 'torch-env.sh');
  const args = isMegatron ? ['--megatron'] : [];
  const result = await runQuietly({ command, args, root, name: 'torch-env', log, signal });
  signal?.throwIfAborted();
  if (result.ok) return;
  throw new Error(
    `PyTorch could not be set up: ${result.reason}\n` +
      'Run `npm run setup:torch` once that is solved, set TORCH_PYTHON to an interpreter that has torch, or use BACKEND=local.',
  );
}

function checkNode(root) {
  const wanted = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).engines.node;
  const [needMajor, needMinor] = /(\d+)\.(\d+)/.exec(wanted).slice(1).map(Number);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    throw new Error(`Node ${wanted} is required, but this is ${process.versions.node} (https://nodejs.org).`);
  }
}

/**
 * Why node_modules does not match package-lock.json, or undefined when it does. Optional packages may be absent: npm
 * drops those whose install script fails or that are for another platform.
 */
export function staleDependencies(root) {
  const locked = readPackages(path.join(root, 'package-lock.json'));
  const installed = readPackages(path.join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'nothing is installed yet';
  for (const [location, { version, optional, link }] of Object.entries(locked ?? {})) {
    if (location === '' || link) continue;
    const have = installed[location]?.version;
    if (have === undefined && optional) continue;
    if (have !== version)
      return `${location.replace('node_modules/', '')} should be ${version}, is ${have ?? 'missing'}`;
  }
  return undefined;
}

function readPackages(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined;
}

async function ensureDependencies({ root, log, signal }) {
  const reason = staleDependencies(root);
  if (reason === undefined) return;
  log(`Installing packages with npm (${reason}); the first time this takes about a minute ...`);
  // `npm ci` calls a lock file wrong that was made where the registry lacked a platform's optional package; `npm install`
  // does not mind. No package's install script runs (.npmrc says so, and why): nothing is downloaded but packages.
  const attempts = [['ci'], ['install']];
  const lockFile = path.join(root, 'package-lock.json');
  const lock = readFileSync(lockFile, 'utf8');
  const failures = [];
  for (const attempt of attempts) {
    const args = [...attempt, '--ignore-scripts', '--no-audit', '--no-fund'];
    const step = { ...npmCommand(args), root, name: 'npm-install', limitMs: INSTALL_LIMIT_MS, log, signal };
    const result = await runQuietly(step);
    signal?.throwIfAborted();
    if (readFileSync(lockFile, 'utf8') !== lock) writeFileSync(lockFile, lock); // npm install adapts it to the registry
    if (result.ok) return;
    failures.push(`npm ${args.join(' ')}: ${result.reason}`);
  }
  throw new Error(`The packages could not be installed.\n${failures.join('\n')}`);
}

/** npm as it was used to start us, else the one on the PATH. */
export function npmCommand(args) {
  const script = process.env.npm_execpath;
  if (script?.endsWith('npm-cli.js')) return { command: process.execPath, args: [script, ...args] };
  return { command: 'npm', args };
}

/** A hash over everything the build of the service reads. */
export function sourceHash(root) {
  return hashOf(root, BUILD_INPUTS);
}

async function ensureBuild({ root, log, signal }) {
  const stamp = path.join(root, 'dist', '.build-stamp');
  const hash = sourceHash(root);
  const main = path.join(root, 'dist', 'src', 'main.js');
  if (existsSync(main) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  log('Building ...');
  rmSync(stamp, { force: true });
  if (!existsSync(main)) rmSync(path.join(root, 'dist', '.tsbuildinfo'), { force: true }); // tsc would write nothing
  const nest = path.join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const result = await runQuietly({
    command: process.execPath,
    args: [nest, 'build'],
    root,
    name: 'build',
    log,
    signal,
  });
  if (!result.ok) throw new Error(`The build failed: ${result.reason}`);
  if (!existsSync(main)) throw new Error(`The build wrote no ${main}.`);
  writeFileSync(stamp, hash);
}

/** Builds the web console into dist/console, if its sources have changed. */
export async function ensureConsole({ root = projectRoot, log = console.log, signal } = {}) {
  const stamp = path.join(root, 'dist', 'console', '.build-stamp');
  const hash = hashOf(root, CONSOLE_INPUTS);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  log('Building the web console ...');
  const vite = path.join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [vite, 'build', path.join(root, 'console'), '--logLevel', 'warn'];
  const result = await runQuietly({ command: process.execPath, args, root, name: 'build-console', log, signal });
  if (!result.ok) throw new Error(`The build of the web console failed: ${result.reason}`);
  writeFileSync(stamp, hash);
}

/** Makes the snapshot from which chat templates' Python starts, if its sources have changed. */
export async function ensureJinjaSnapshot({ root = projectRoot, log = console.log, signal } = {}) {
  const stamp = path.join(root, 'dist', 'jinja', '.build-stamp');
  const hash = hashOf(root, JINJA_INPUTS);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  const args = [path.join(root, 'scripts', 'build-jinja-snapshot.mjs')];
  const result = await runQuietly({ command: process.execPath, args, root, name: 'build-jinja-snapshot', log, signal });
  if (!result.ok) throw new Error(`The snapshot of Python with Jinja2 could not be made: ${result.reason}`);
  writeFileSync(stamp, hash);
}

/** Runs a command with its output in .data/logs/<name>.log; the end of that file is the reason when it fails. */
async function runQuietly({ command, args, env = process.env, root, name, limitMs, log, signal }) {
  const logs = path.join(root, '.data', 'logs');
  mkdirSync(logs, { recursive: true });
  const file = path.join(logs, `${name}.log`);
  const output = openSync(file, 'w');
  const began = Date.now();
  const progress = setInterval(() => log(`  ... ${Math.round((Date.now() - began) / 1000)} s`), PROGRESS_EVERY_MS);
  const outcome = await new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', output, output], timeout: limitMs, signal });
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `stopped after ${limitMs / 60_000} minutes` : code));
  });
  clearInterval(progress);
  closeSync(output);
  return outcome === 0 ? { ok: true } : { ok: false, reason: `${outcome}\n${tailOf(file)}` };
}
