import { Command } from 'commander';
import { CliError } from '../errors/cli.error.js';
import { type CliContext, handler } from '../context.js';
import { watchJob } from '../job-watch.js';

export function attachCommand(): Command {
  return new Command('attach')
    .description('follow a job that was started before')
    .argument('[job]', 'its id (default: the newest job)')
    .action(handler(attach));
}

async function attach(context: CliContext, _options: object, given?: string): Promise<void> {
  const client = await context.connect();
  const job = given === undefined ? (await client.jobs.list().next()).value : await client.jobs.get(given);
  if (!job) throw new CliError('There are no jobs. `thinker train <file>` starts one.');
  await watchJob(context, client, job.id);
}
