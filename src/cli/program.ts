import { Command } from 'commander';
import { VERSION } from '../common/version.js';
import { EXIT } from './errors/cli.error.js';
import { adaptersCommand } from './commands/adapters.command.js';
import { attachCommand } from './commands/attach.command.js';
import { chatCommand } from './commands/chat.command.js';
import { doctorCommand } from './commands/doctor.command.js';
import { evalCommand } from './commands/eval.command.js';
import { exportCommand } from './commands/export.command.js';
import { filesCommand } from './commands/files.command.js';
import { importCommand } from './commands/import.command.js';
import { jobsCommand } from './commands/jobs.command.js';
import { keysCommand } from './commands/keys.command.js';
import { sampleCommand } from './commands/sample.command.js';
import { serveCommand } from './commands/serve.command.js';
import { trainCommand } from './commands/train.command.js';

const HELP = `
Environment:
  THINKER_URL      address of the service (default: http://127.0.0.1:8000)
  THINKER_API_KEY  API key, where the service requires one
  NO_COLOR         any value turns colours off

Exit codes: 0 = done, 1 = failed, 2 = wrong usage, 3 = the service does not respond, 130 = interrupted.`;

const groups = {
  'Train:': [trainCommand, attachCommand, jobsCommand, filesCommand],
  'Use models:': [chatCommand, sampleCommand, evalCommand],
  'Manage:': [adaptersCommand, exportCommand, importCommand, keysCommand],
  'Run the service:': [serveCommand, doctorCommand],
};

/** The command line, without running it. */
export function makeProgram(): Command {
  const program = new Command('thinker')
    .description('Fine-tune language models on your own machine, and talk to the result.')
    .version(VERSION)
    .option('--json', 'machine-readable output: JSON documents, one per line')
    .option('--url <address>', 'address of the service')
    .option('--no-color', 'no colours')
    .addHelpText('after', HELP)
    .showHelpAfterError('Run it with --help for its usage.');
  for (const [title, commands] of Object.entries(groups)) {
    program.commandsGroup(title);
    for (const make of commands) program.addCommand(make());
  }
  for (const command of everyCommand(program)) command.exitOverride();
  return program;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** The exit code for an error of commander: help and version are none. */
export function usageExitCode(exitCode: number): number {
  return exitCode === 0 ? 0 : EXIT.usage;
}
