/** What the tests that need a Python environment have in common. */
import { spawn } from 'node:child_process';
import { projectRoot } from './bootstrap.mjs';

/** Why an environment cannot be had, by the exit codes of scripts/*-env.sh. */
export const SKIPPED = new Map([
  [3, 'no Python 3.11 or newer with venv is installed'],
  [4, 'the Python package index is unreachable'],
]);

/** Runs a command, shows its output, and resolves with its exit code. */
export function runCommand(command, parameters, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, parameters, { cwd: projectRoot, env: { ...process.env, ...env }, stdio: 'inherit' });
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
