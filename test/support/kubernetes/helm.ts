import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadAll } from 'js-yaml';

const root = path.join(import.meta.dirname, '..', '..', '..');
const chart = path.join(root, 'docker', 'helm', 'thinker');
const python = path.join(root, '.venv-helm', 'bin', 'python');

type Command = readonly string[];
interface Helm {
  readonly lint: Command;
  readonly template: Command;
}

function findHelm(): Helm | null {
  if (spawnSync('helm', ['version', '--short']).status === 0) {
    return { lint: ['helm', 'lint', '--strict', chart, '-f'], template: ['helm', 'template', 'thinker', chart, '-f'] };
  }
  if (!existsSync(python)) return null;
  const script = path.join(root, 'scripts', 'helm.py');
  return { lint: [python, script, 'lint', chart], template: [python, script, 'template', chart] };
}

const helm = findHelm();

/** No helm on the PATH, and none of scripts/helm-env.sh. */
export const helmIsMissing = helm === null;

/** An object of Kubernetes. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: unknown;
}

function withValues<T>(values: object, work: (file: string) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'thinker-helm-'));
  const file = path.join(folder, 'values.json');
  writeFileSync(file, JSON.stringify(values));
  try {
    return work(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What `helm lint --strict` says, and whether it accepts the chart with these values. */
export function lint(values: object): { accepted: boolean; output: string } {
  const [program = '', ...args] = helm!.lint;
  return withValues(values, (file) => {
    const { status, stdout, stderr } = spawnSync(program, [...args, file], { encoding: 'utf8' });
    return { accepted: status === 0, output: stdout + stderr };
  });
}

/** The objects that `helm template` makes with these values. */
export function render(values: object): Manifest[] {
  const [program = '', ...args] = helm!.template;
  const text = withValues(values, (file) => execFileSync(program, [...args, file], { encoding: 'utf8' }));
  return (loadAll(text) as (Manifest | null)[]).filter((manifest) => manifest !== null);
}
