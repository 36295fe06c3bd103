import { Command } from 'commander';
import { runScript } from '../service/script.js';

/** The same as `npm run keys`: it works on the database itself, not through the service. */
export function keysCommand(): Command {
  return new Command('keys')
    .description('create, list and revoke API keys (on the database of the service)')
    .argument('[arguments...]', 'create <name>, list, revoke <id>, adopt <key>, transfer <from> <to>')
    .option('--scopes <list>', 'with create: what the key may do, of train,sample,read (default: all)')
    .option('--expires <date>', 'with create: date or time (ISO 8601) from which on the key is refused')
    .addHelpText('after', '\nUses DATABASE_URL, or the private Postgres of `thinker serve`.')
    .action((args: string[], options: Readonly<Record<string, string>>) => {
      const given = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
      return runScript('keys.mjs', [...args, ...given]);
    });
}
