/** Runs pg_dump, pg_restore and tar. */
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';

/**
 * @param {'pg_dump' | 'pg_restore'} name
 * @param {string} [folder] where it is; the PATH when left out
 * @returns {{ program: string, major: number } | undefined} undefined = there is none
 */
function findPgProgram(name, folder) {
  const program = folder === undefined ? name : path.join(folder, name);
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  const major = /\) (\d+)/.exec(stdout ?? '')?.[1];
  return major === undefined ? undefined : { program, major: Number(major) };
}

/** @throws Error that says what to install, when there is none that can work with a server of this version */
export function needPgProgram(name, { folder, serverMajor }) {
  const found = findPgProgram(name, folder);
  if (found !== undefined && found.major >= serverMajor) return found.program;
  const have = found === undefined ? 'there is none' : `the one found is ${found.major}`;
  throw new Error(
    `${name} of Postgres ${serverMajor} or newer is needed, and ${have}. Install the client package of that version ` +
      `(Debian: postgresql-client-${serverMajor}), or name its folder with --pg-bin.`,
  );
}

/** The environment of a pg program: the password of the address is passed here, where `ps` does not show it. */
export function connectionOf(url) {
  const address = new URL(url);
  const password = decodeURIComponent(address.password);
  address.password = '';
  return { address: address.href, env: { ...process.env, ...(password === '' ? {} : { PGPASSWORD: password }) } };
}

/** Resolves when the program has ended well. @throws Error with what it wrote to stderr */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (text) => (errors += text));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${path.basename(program)} failed (${signal ?? code}): ${errors.trim()}`));
    });
  });
}
