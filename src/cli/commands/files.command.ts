import { createWriteStream, existsSync, openAsBlob } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { CliError } from '../errors/cli.error.js';
import { type UploadedFile } from '../service/client.js';
import { type CliContext, handler } from '../context.js';
import { wholeNumber } from '../input/options.js';
import { take } from '../take.js';
import { formatBytes, formatTime } from '../views/format.js';

export function filesCommand(): Command {
  const command = new Command('files').description('upload, list, download and delete training data');
  command
    .command('list', { isDefault: true })
    .description('list files, newest first')
    .option('--limit <number>', 'number of files', wholeNumber(1), 50)
    .action(handler(list));
  command.command('upload').description('upload a file and check it').argument('<path>').action(handler(upload));
  command
    .command('download')
    .description('download a file')
    .argument('<file>', 'its id')
    .option('-o, --output <path>', 'where to write it (default: standard output)')
    .action(handler(download));
  command.command('delete').description('delete a file').argument('<file>', 'its id').action(handler(remove));
  return command;
}

async function list({ output, connect }: CliContext, { limit }: { readonly limit: number }): Promise<void> {
  const files = await take<UploadedFile>((await connect()).files.list(), limit);
  const rows = files.map((file) => [
    file.id,
    file.filename,
    formatBytes(file.bytes),
    formatTime(file.created_at * 1000),
  ]);
  output.result(files, () =>
    rows.length === 0 ? 'There are no files.' : output.table(['FILE', 'NAME', 'SIZE', 'UPLOADED'], rows),
  );
}

async function upload({ output, connect }: CliContext, _options: object, file = ''): Promise<void> {
  if (!existsSync(file)) throw new CliError(`${file} does not exist.`);
  const client = await connect();
  const uploaded = await client.files.create(await openAsBlob(file), { filename: path.basename(file) });
  output.result(uploaded, () => `Uploaded ${uploaded.filename} as ${uploaded.id}.`);
}

async function download(
  { output, connect }: CliContext,
  { output: target }: { readonly output?: string },
  id = '',
): Promise<void> {
  const content = Readable.fromWeb(await (await connect()).files.content(id));
  if (target === undefined) {
    await pipeline(content, process.stdout, { end: false });
    return;
  }
  await pipeline(content, createWriteStream(target));
  output.result({ id, path: path.resolve(target) }, () => `Wrote ${target}.`);
}

async function remove({ output, connect }: CliContext, _options: object, id = ''): Promise<void> {
  await (await connect()).files.delete(id);
  output.result({ id, deleted: true }, () => `Deleted ${id}.`);
}
