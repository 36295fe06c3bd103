#!/usr/bin/env node
import { CommanderError } from 'commander';
import { toFailure } from './errors/failure.js';
import { makeProgram, usageExitCode } from './program.js';

/** Output is JSON from the first error on, even if the command line is wrong. */
const isJson = process.argv.includes('--json');

// A reader that goes away, such as head, does not make the command fail.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  await makeProgram().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    const exitCode = usageExitCode(error.exitCode);
    if (isJson && exitCode !== 0)
      console.log(JSON.stringify({ error: { code: 'usage', message: error.message.replace(/^error: /, '') } }));
    return exitCode; // commander has told it
  }
  const { exitCode, message, hints, code, param } = toFailure(error);
  if (isJson) console.log(JSON.stringify({ error: { code: code ?? 'failed', message, param, hints } }));
  else console.error([`error: ${message}`, ...hints.map((hint) => `  ${hint}`)].join('\n'));
  return exitCode;
}
