import { Command } from 'commander';
import { runScript } from '../service/script.js';

/** The same as `npm run quickstart -- --serve`. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('start the service on this machine, with private databases where none are configured')
    .addHelpText('after', '\nEnvironment: PORT, BASE_MODELS, DATA_DIR and all other settings of .env.example.')
    .action(() => runScript('quickstart.mjs', ['--serve']));
}
