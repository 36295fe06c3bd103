import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { packFolder } from '../input/archives.js';
import { CliError } from '../errors/cli.error.js';
import { type CliContext, handler } from '../context.js';

interface ImportOptions {
  readonly name?: string;
  readonly base?: string;
}

export function importCommand(): Command {
  return new Command('import')
    .description('upload a PEFT adapter')
    .argument('<path>', 'the folder that PEFT saved, or a .tar or .tar.gz of it')
    .option('--name <name>', 'name of the new adapter (default: chosen by the service)')
    .option('--base <model>', 'its base model (default: the one in adapter_config.json)')
    .action(handler(importAdapter));
}

async function importAdapter({ output, connect }: CliContext, options: ImportOptions, path = ''): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new CliError(`${path} does not exist.`);
  const archive = found.isDirectory() ? await packFolder(path) : await openAsBlob(path);
  const client = await connect();
  const adapter = await client.adapters.import(archive, {
    ...(options.name === undefined ? {} : { modelId: options.name }),
    ...(options.base === undefined ? {} : { baseModel: options.base }),
  });
  output.result(adapter, () => `Imported ${adapter.model_id} (rank ${adapter.rank}, ${adapter.base_model}).`);
}
