import { existsSync, openAsBlob } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { CliError } from '../errors/cli.error.js';
import { type NewJob, type ThinkerClient } from '../service/client.js';
import { type CliContext, handler } from '../context.js';
import { watchJob } from '../job-watch.js';
import { list, positiveNumber, wholeNumber } from '../input/options.js';
import { withService } from '../service/own-service.js';

interface TrainOptions {
  readonly base: string;
  readonly name?: string;
  readonly method: 'sft' | 'dpo';
  readonly eval?: string;
  readonly validationSplit?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
  readonly schedule?: string;
  readonly warmupSteps?: number;
  readonly warmupRatio?: number;
  readonly rank?: number;
  readonly alpha?: number;
  readonly targets?: readonly string[];
  readonly seed?: number;
  readonly truncate?: boolean;
  readonly detach?: boolean;
  readonly serve?: boolean;
}

export function trainCommand(): Command {
  return new Command('train')
    .description('fine-tune a model on a file')
    .argument('<file>', 'chats, prompts and completions, or preferences, as JSONL, CSV or Parquet')
    .option('--base <model>', 'base model', 'base')
    .option('--name <suffix>', 'part of the name of the new model')
    .addOption(new Option('--method <method>', 'learn answers, or preferences').choices(['sft', 'dpo']).default('sft'))
    .option('--eval <file>', 'measure the loss on this file after every epoch')
    .option('--validation-split <part>', 'or on this part of the rows, which is not trained: 0.1', positiveNumber)
    .option('--epochs <number>', 'passes over the file', wholeNumber(1))
    .option('--batch-size <number>', 'rows per step', wholeNumber(1))
    .option('--learning-rate <number>', 'step size of AdamW', positiveNumber)
    .addOption(
      new Option('--schedule <name>', 'how the learning rate changes').choices(['linear', 'cosine', 'constant']),
    )
    .option('--warmup-steps <number>', 'steps in which the learning rate rises', wholeNumber(0))
    .addOption(
      new Option('--warmup-ratio <part>', 'the same as a part of all steps')
        .argParser(positiveNumber)
        .conflicts('warmupSteps'),
    )
    .option('--rank <number>', 'rank of the adapter', wholeNumber(1))
    .option('--alpha <number>', 'scale of the adapter, times its rank', positiveNumber)
    .option('--targets <modules>', 'projections to adapt, comma-separated: q_proj,v_proj; or all-linear', list)
    .option('--seed <number>', 'same seed, same result', wholeNumber(0))
    .option('--truncate', "cut rows that exceed the model's context instead of refusing them")
    .option('--detach', 'start the job and return')
    .option('--serve', 'start the service for this command if none responds')
    .addHelpText('after', '\nWhat is left out follows from the file and the model. Ctrl-C detaches: the job goes on.')
    .action(handler(train));
}

async function train(context: CliContext, options: TrainOptions, file = ''): Promise<void> {
  for (const given of [file, options.eval]) {
    if (given !== undefined && !existsSync(given)) throw new CliError(`${given} does not exist.`);
  }
  await withService(context, options.serve === true, async (client) => {
    const job = await client.jobs.create(await jobOf(client, options, file));
    context.output.document({ type: 'job', job });
    context.output.note(`Started the job ${job.id}.`);
    if (options.detach) context.output.line(`See it with: thinker attach ${job.id}`);
    else await watchJob(context, client, job.id);
  });
}

/** Uploads the files and describes the job. */
async function jobOf(client: ThinkerClient, options: TrainOptions, file: string): Promise<NewJob> {
  const upload = async (name: string): Promise<string> =>
    (await client.files.create(await openAsBlob(name), { filename: path.basename(name) })).id;
  const type = options.method === 'dpo' ? 'dpo' : 'supervised';
  const hyperparameters = defined({
    n_epochs: options.epochs,
    batch_size: options.batchSize,
    learning_rate: options.learningRate,
    lora_rank: options.rank,
    lora_alpha: options.alpha,
    target_modules: targetModules(options),
    lr_schedule: options.schedule,
    warmup_steps: options.warmupSteps,
    warmup_ratio: options.warmupRatio,
    validation_split: options.validationSplit,
    truncate: options.truncate,
  });
  return {
    model: options.base,
    training_file: await upload(file),
    method: { type, [type]: { hyperparameters } },
    ...defined({
      validation_file: options.eval === undefined ? undefined : await upload(options.eval),
      suffix: options.name,
      seed: options.seed,
    }),
  };
}

/** `all-linear` is a word, names are a list. */
function targetModules({ targets }: TrainOptions): string | string[] | undefined {
  return targets?.length === 1 && targets[0] === 'all-linear' ? 'all-linear' : targets && [...targets];
}

/** Without the fields that are undefined. */
function defined<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
}
