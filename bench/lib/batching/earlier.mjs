/** An earlier version of this repository, built beside this one. */
import { spawnSync } from 'node:child_process';
import { existsSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder, projectRoot } from '../paths.mjs';

/**
 * Checks a commit out, once, and builds it with the packages of this checkout. Resolves with its folder.
 *
 * @param commit anything that git can resolve
 */
export function prepareEarlier(commit, log) {
  const id = run('git', ['rev-parse', '--short', `${commit}^{commit}`], projectRoot).trim();
  const folder = path.join(cacheFolder, `version-${id}`);
  if (!existsSync(folder)) {
    log(`building ${id}`);
    run('git', ['worktree', 'prune'], projectRoot);
    run('git', ['worktree', 'add', '--detach', folder, id], projectRoot);
    symlinkSync(path.join(projectRoot, 'node_modules'), path.join(folder, 'node_modules'));
    run('npm', ['run', 'build'], folder);
  }
  return folder;
}

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr || stdout}`);
  return stdout;
}
