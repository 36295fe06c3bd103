import { Command } from 'commander';
import { type Job, type JobCheckpoint, type JobEvent } from '../service/client.js';
import { take } from '../take.js';
import { type CliContext, handler } from '../context.js';
import { wholeNumber } from '../input/options.js';
import { formatNumber, formatTime } from '../views/format.js';

interface Limit {
  readonly limit: number;
}

export function jobsCommand(): Command {
  const command = new Command('jobs').description('list, show, cancel, pause and resume fine-tuning jobs');
  command
    .command('list', { isDefault: true })
    .description('list jobs, newest first')
    .option('--limit <number>', 'number of jobs', wholeNumber(1), 20)
    .action(handler(list));
  command.command('show').description('show a job and its checkpoints').argument('<job>').action(handler(show));
  command
    .command('events')
    .description('list what happened in a job, newest first')
    .argument('<job>')
    .option('--limit <number>', 'number of events', wholeNumber(1), 20)
    .action(handler(events));
  const changes = {
    cancel: 'end a job; its model keeps the steps that were made',
    pause: 'pause a job',
    resume: 'let a paused job go on',
  } as const;
  for (const [name, description] of Object.entries(changes)) {
    const wish = name as keyof typeof changes;
    command
      .command(wish)
      .description(description)
      .argument('<job>')
      .action(
        handler(async ({ output, connect }, _options, id = '') => {
          const job = await (await connect()).jobs[wish](id);
          output.result(job, () => `${job.id} is ${job.status}.`);
        }),
      );
  }
  return command;
}

async function list({ output, connect }: CliContext, { limit }: Limit): Promise<void> {
  const jobs = await take<Job>((await connect()).jobs.list(), limit);
  const rows = jobs.map((job) => [job.id, job.status, job.fine_tuned_model ?? '-', formatTime(job.created_at * 1000)]);
  output.result(jobs, () =>
    rows.length === 0
      ? 'There are no jobs. `thinker train <file>` starts one.'
      : output.table(['JOB', 'STATUS', 'MODEL', 'CREATED'], rows),
  );
}

async function show({ output, connect }: CliContext, _options: object, id = ''): Promise<void> {
  const client = await connect();
  const job = await client.jobs.get(id);
  const checkpoints = await take<JobCheckpoint>(client.jobs.checkpoints(id), 100);
  output.result({ ...job, checkpoints }, () => {
    const { n_epochs: epochs, batch_size: batchSize } = job.hyperparameters;
    const fields = {
      job: job.id,
      status: job.status,
      error: job.error?.message,
      'base model': job.model,
      model: job.fine_tuned_model,
      method: job.method.type,
      epochs,
      'batch size': batchSize,
      seed: job.seed,
      'trained tokens': job.trained_tokens,
      created: formatTime(job.created_at * 1000),
      finished: job.finished_at === null ? null : formatTime(job.finished_at * 1000),
    };
    const rows = checkpoints.map(({ step_number: step, metrics, fine_tuned_model_checkpoint: path }) => [
      step,
      formatNumber(metrics.train_loss),
      formatNumber(metrics.valid_loss),
      path,
    ]);
    const table = rows.length === 0 ? [] : ['', output.table(['STEP', 'LOSS', 'EVAL LOSS', 'CHECKPOINT'], rows)];
    return [output.fields(fields), ...table].join('\n');
  });
}

async function events({ output, connect }: CliContext, { limit }: Limit, id = ''): Promise<void> {
  const found = await take<JobEvent>((await connect()).jobs.events(id), limit);
  const rows = found.map(({ created_at: time, level, message }) => [formatTime(time * 1000), level, message]);
  output.result(found, () => output.table(['TIME', 'LEVEL', 'MESSAGE'], rows));
}
