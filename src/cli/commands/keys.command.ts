import { Command } from 'commander';
import { runScript } from '../service/script.js';

/** The same as `npm run keys`: it works on the database itself, not through the service. */
export function keysCommand(): Command {
  return new Command('keys')
    .description('create, list and revoke API keys (on the database of the service)')
    .argument('[arguments...]', 'create <name>, list, revoke <id>, adopt <key>, transfer <from> <to>')
    .addHelpText('after', '\nUses DATABASE_URL, or the private Postgres of `thinker serve`.')
    .action((args: string[]) => runScript('keys.mjs', args));
}
