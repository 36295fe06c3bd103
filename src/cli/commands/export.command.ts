import { createWriteStream, existsSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { unpack } from '../archives.js';
import { CliError } from '../cli.error.js';
import { type CliContext, handler } from '../context.js';

interface ExportOptions {
  readonly output?: string;
  readonly force?: boolean;
}

export function exportCommand(): Command {
  return new Command('export')
    .description('download an adapter as a folder that PEFT loads')
    .argument('<adapter>')
    .option('-o, --output <path>', 'folder to write, or archive if it ends in .tar (default: ./<adapter>-peft)')
    .option('-f, --force', 'overwrite files that exist')
    .action(handler(exportAdapter));
}

async function exportAdapter(
  { output, connect }: CliContext,
  { output: given, force }: ExportOptions,
  name = '',
): Promise<void> {
  const target = given ?? `${name.replaceAll(/[^\w.-]+/g, '_')}-peft`;
  if (existsSync(target) && !force) throw new CliError(`${target} exists. Choose another --output, or pass --force.`);
  const adapter = (await connect()).adapter(name);
  const archive = await adapter.export();
  if (target.endsWith('.tar')) {
    await pipeline(Readable.fromWeb(archive), createWriteStream(target));
    output.result({ adapter: name, path: path.resolve(target) }, () => `Wrote ${target}.`);
    return;
  }
  const files = await unpack(archive, target);
  output.result({ adapter: name, path: path.resolve(target), files }, () => `Wrote ${files.join(', ')} to ${target}.`);
}
