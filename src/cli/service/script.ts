import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { packageFolder } from '../../common/package-folder.js';
import { CliError } from '../errors/cli.error.js';

/** Starts one of the project's scripts with Node. */
export function startScript(
  name: string,
  args: readonly string[],
  stdio: StdioOptions,
  { detached = false } = {},
): ChildProcess {
  const script = path.join(packageFolder(), 'scripts', name);
  if (!existsSync(script)) throw new CliError(`${script} does not exist: this command needs a clone of the project.`);
  return spawn(process.execPath, [script, ...args], { stdio, detached });
}

/** Runs a script in this terminal and takes its exit code over. A signal reaches it directly, so it ends first. */
export async function runScript(name: string, args: readonly string[]): Promise<void> {
  const child = startScript(name, args, 'inherit');
  const wait = (): void => undefined;
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, wait);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  for (const signal of signals) process.off(signal, wait);
  process.exitCode = code ?? 1;
}
