import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..', '..');

export const MODEL = 'tiny-chat';
export const KEY = 'sk-clients';
export const ENV = { API_KEYS: KEY };
export const QUESTION = 'Who are you?';
/** How the bundled model begins its answer. */
export const ANSWER = /^I am Tiny/;

/** What npm run test:clients has made. */
export const hasPackages = existsSync(path.join(import.meta.dirname, 'node_modules', 'ai', 'package.json'));
export const python = path.join(root, '.venv-clients', 'bin', 'python');
export const hasPython = existsSync(path.join(root, '.venv-clients', '.recipe'));

/** Name of a suite that needs one of them. */
export function named(name, isThere) {
  return isThere ? name : `${name} (skipped: npm run test:clients installs it)`;
}
