import { createInterface } from 'node:readline/promises';
import { CliError, UsageError } from '../errors/cli.error.js';
import { type CliContext } from '../context.js';

/** Asks before something cannot be undone; a program has to pass --yes. */
export async function confirm({ output }: CliContext, isSure: boolean | undefined, question: string): Promise<void> {
  if (isSure) return;
  if (!output.isInteractive || !process.stdin.isTTY) throw new UsageError(`${question} Confirm with --yes.`);
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await lines.question(`${question} [y/N] `);
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('Nothing was deleted.');
}
