import { createWriteStream, existsSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command, Option } from 'commander';
import { type ExportQuery } from '../service/client.js';
import { unpack } from '../input/archives.js';
import { CliError } from '../errors/cli.error.js';
import { type CliContext, handler } from '../context.js';

interface ExportOptions {
  readonly output?: string;
  readonly force?: boolean;
  readonly format: NonNullable<ExportQuery['format']>;
  readonly outtype?: NonNullable<ExportQuery['outtype']>;
  readonly checkpoint?: string;
  readonly push?: string;
  readonly public?: boolean;
}

const FORMATS = ['peft', 'merged', 'gguf', 'gguf-adapter'] satisfies ExportOptions['format'][];

export function exportCommand(): Command {
  return new Command('export')
    .description('download an adapter for PEFT, transformers, llama.cpp or Ollama')
    .argument('<adapter>')
    .addOption(
      new Option('--format <format>', 'merged: the whole model, with the adapter in its weights')
        .choices(FORMATS)
        .default('peft'),
    )
    .option('--outtype <type>', 'numbers of a GGUF file: f32, f16 or q8_0')
    .option('--checkpoint <path>', 'a checkpoint of the adapter, weights/<name> or sampler_weights/<name>')
    .option('-o, --output <path>', 'folder to write, or archive if it ends in .tar (default: ./<adapter>-<format>)')
    .option('-f, --force', 'overwrite files that exist')
    .option('--push <owner/name>', 'write to a repository of the Hugging Face hub instead, with the token in HF_TOKEN')
    .option('--public', 'with --push: anybody can see a repository that is created (default: private)')
    .action(handler(exportAdapter));
}

async function exportAdapter(context: CliContext, options: ExportOptions, name = ''): Promise<void> {
  if (options.push !== undefined) return pushAdapter(context, options, name, options.push);
  const { output, connect } = context;
  const { output: given, force, format, outtype, checkpoint } = options;
  const target = given ?? `${name.replaceAll(/[^\w.-]+/g, '_')}-${format}`;
  if (existsSync(target) && !force) throw new CliError(`${target} exists. Choose another --output, or pass --force.`);
  const adapter = (await connect()).adapter(name);
  const archive = await adapter.export({ format, outtype, checkpoint });
  if (target.endsWith('.tar')) {
    await pipeline(Readable.fromWeb(archive), createWriteStream(target));
    output.result({ adapter: name, path: path.resolve(target) }, () => `Wrote ${target}.`);
    return;
  }
  const files = await unpack(archive, target);
  output.result({ adapter: name, path: path.resolve(target), files }, () => `Wrote ${files.join(', ')} to ${target}.`);
}

async function pushAdapter(
  { output, connect, hubToken: token }: CliContext,
  { format, outtype, checkpoint, public: isPublic = false, output: folder }: ExportOptions,
  name: string,
  repo: string,
): Promise<void> {
  if (folder !== undefined) throw new CliError('--push and --output exclude each other.');
  if (token === '') {
    throw new CliError('Set HF_TOKEN to an access token of the hub with write permission, which starts with hf_.');
  }
  const adapter = (await connect()).adapter(name);
  const pushed = await adapter.push({ repo, token, private: !isPublic, format, outtype, checkpoint });
  output.result({ adapter: name, ...pushed }, () => `Wrote ${pushed.files.join(', ')} to ${pushed.url}.`);
}
