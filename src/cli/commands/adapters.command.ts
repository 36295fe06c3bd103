import { Command } from 'commander';
import { type Adapter, type HistoryEntry } from '../service/client.js';
import { confirm } from '../input/confirm.js';
import { type CliContext, handler } from '../context.js';
import { wholeNumber } from '../input/options.js';
import { take } from '../take.js';
import { formatBytes, formatNumber, formatTime } from '../views/format.js';

const HISTORY_SHOWN = 10;

export function adaptersCommand(): Command {
  const command = new Command('adapters').description('list, show, delete, fork and rewind adapters');
  command
    .command('list', { isDefault: true })
    .description('list adapters, newest first')
    .option('--limit <number>', 'number of adapters', wholeNumber(1), 50)
    .action(handler(list));
  command
    .command('show')
    .description('show an adapter, its checkpoints and its last operations')
    .argument('<name>')
    .action(handler(show));
  command
    .command('delete')
    .description('delete adapters with their weights and checkpoints')
    .argument('<name...>')
    .option('-y, --yes', 'do not ask')
    .action(handler(remove));
  command
    .command('fork')
    .description('create an adapter from the state of another one')
    .argument('<name>')
    .argument('[new-name]')
    .option('--step <number>', 'from its state after this step', wholeNumber(0))
    .action(handler(fork));
  command
    .command('rewind')
    .description('return an adapter to the state after an earlier step')
    .argument('<name>')
    .requiredOption('--step <number>', 'the step', wholeNumber(0))
    .action(handler(rewind));
  return command;
}

async function list({ output, connect }: CliContext, { limit }: { readonly limit: number }): Promise<void> {
  const client = await connect();
  const adapters = await take<Adapter>(client.adapters.list(), limit);
  const rows = adapters.map((one) => [one.model_id, one.base_model, one.rank, one.step, formatTime(one.created_at)]);
  output.result(adapters, () =>
    rows.length === 0
      ? 'There are no adapters. `thinker train <file>` creates one.'
      : output.table(['NAME', 'BASE MODEL', 'RANK', 'STEP', 'CREATED'], rows),
  );
}

async function show({ output, connect }: CliContext, _options: object, name = ''): Promise<void> {
  const adapter = (await connect()).adapter(name);
  const [info, checkpoints] = [await adapter.info(), await adapter.checkpoints()];
  const history = await take<HistoryEntry>(adapter.history(), HISTORY_SHOWN);
  output.result({ ...info, checkpoints, history }, () => {
    const fields = {
      name: info.model_id,
      'base model': info.base_model,
      rank: info.rank,
      alpha: info.alpha,
      parameters: info.trainable_params,
      step: info.step,
      status: info.status,
      created: formatTime(info.created_at),
    };
    const saved = checkpoints.map((one) => [
      one.path,
      one.step,
      formatBytes(one.size_bytes),
      formatTime(one.created_at),
    ]);
    const steps = history.map((one) => [
      one.kind,
      one.step ?? '-',
      formatNumber(lossOf(one)),
      formatTime(one.finished_at),
    ]);
    const tables = [
      ...(saved.length > 0 ? ['', output.table(['CHECKPOINT', 'STEP', 'SIZE', 'SAVED'], saved)] : []),
      ...(steps.length > 0 ? ['', output.table(['OPERATION', 'STEP', 'LOSS', 'FINISHED'], steps)] : []),
    ];
    return [output.fields(fields), ...tables].join('\n');
  });
}

function lossOf({ metrics }: HistoryEntry): number | undefined {
  const loss = metrics?.['mean_nll'] ?? metrics?.['loss'];
  return typeof loss === 'number' ? loss : undefined;
}

async function remove(
  context: CliContext,
  { yes }: { readonly yes?: boolean },
  ...[names]: readonly (string | readonly string[])[]
): Promise<void> {
  const wanted = [names ?? []].flat();
  const client = await context.connect();
  for (const name of wanted) await client.adapter(name).info(); // a wrong name, before the first is gone
  await confirm(context, yes, `Delete ${wanted.join(', ')} with all weights and checkpoints?`);
  for (const name of wanted) {
    await client.adapter(name).delete();
    context.output.result({ model_id: name, deleted: true }, () => `Deleted ${name}.`);
  }
}

async function fork(
  { output, connect }: CliContext,
  { step }: { readonly step?: number },
  name = '',
  newName?: string,
): Promise<void> {
  const client = await connect();
  const forked = await client.adapter(name).fork({
    ...(newName === undefined ? {} : { model_id: newName }),
    ...(step === undefined ? {} : { step }),
  });
  await client.futures.result(forked.request_id);
  output.result(forked, () => `Forked ${name} to ${forked.model_id}.`);
}

async function rewind({ output, connect }: CliContext, { step }: { readonly step: number }, name = ''): Promise<void> {
  const client = await connect();
  const result = await client.adapter(name).rewind({ step });
  output.result(result, () => `${name} is at step ${result.step} again.`);
}
