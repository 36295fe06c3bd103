import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The interpreter of the environment that `npm run setup:torch` makes. */
export const TORCH_PYTHON = `${root}.venv-torch/bin/python`;
/** The folder of the package thinker_worker. */
export const TORCH_PROGRAM = `${root}workers/torch`;

/** Why ranks with this engine cannot run on this machine; null when they can. */
export function torchUnavailable(modules: readonly string[] = ['torch', 'transformers']): string | null {
  if (!existsSync(TORCH_PYTHON)) return 'there is no .venv-torch, run npm run setup:torch';
  const { status } = spawnSync(TORCH_PYTHON, ['-c', `import ${modules.join(', ')}`]);
  return status === 0 ? null : `.venv-torch lacks ${modules.join(' or ')}, run npm run setup:torch`;
}
