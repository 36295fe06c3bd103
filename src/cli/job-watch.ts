import { CliError, EXIT } from './errors/cli.error.js';
import { type Job, type JobMetrics, type ThinkerClient } from './service/client.js';
import { type CliContext } from './context.js';
import { formatDuration, formatNumber } from './views/format.js';
import { lossChart } from './views/loss-chart.js';
import { Pace } from './views/pace.js';
import { ProgressBar } from './views/progress-bar.js';

/**
 * Follows a job to its end: a progress bar, then the curve of its loss and what to do with the model. Ctrl-C detaches:
 * the job goes on.
 */
export async function watchJob(context: CliContext, client: ThinkerClient, id: string): Promise<void> {
  const { output } = context;
  const rows: JobMetrics[] = [];
  const detach = new AbortController();
  const interrupt = (): void => detach.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  try {
    await follow(context, client, id, rows, detach.signal);
  } catch (error) {
    if (!detach.signal.aborted) throw error;
    output.document({ type: 'detached', job: id });
    throw new CliError(`Detached. The job goes on; see it again with: thinker attach ${id}`, EXIT.interrupted);
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
  }
  finish(context, await client.jobs.get(id), rows);
}

async function follow(
  { output }: CliContext,
  client: ThinkerClient,
  id: string,
  rows: JobMetrics[],
  signal: AbortSignal,
): Promise<void> {
  const bar = new ProgressBar(output, 'steps', '  epoch {epoch}  loss {loss}  {speed} tokens/s  {left} left');
  const pace = new Pace();
  try {
    for await (const news of client.jobs.follow(id, { signal })) {
      output.document({ job: id, ...news });
      if (news.type === 'status') {
        if (!bar.isRunning && news.status !== 'succeeded') output.note(`The job is ${news.status.replace('_', ' ')}.`);
        continue;
      }
      const { row } = news;
      rows.push(row);
      if (row.kind !== 'step') continue;
      pace.add(row);
      if (!bar.isRunning) bar.start(row.total_steps, { epoch: '1', loss: '-', speed: '-', left: '-' });
      bar.update(row.step, {
        epoch: String(row.epoch),
        loss: formatNumber(row.train_loss),
        speed: pace.speed ? formatNumber(Math.round(pace.speed.tokensPerSecond)) : '-',
        left: pace.speed ? formatDuration(pace.speed.secondsLeft) : '-',
      });
    }
  } finally {
    bar.stop();
  }
}

/** Tells how the job ended; throws unless it succeeded. */
function finish({ output }: CliContext, job: Job, rows: readonly JobMetrics[]): void {
  output.document({ type: 'job', job });
  const steps = rows.filter(({ kind }) => kind === 'step');
  const points = steps.map(({ step, train_loss: loss }) => ({ step, loss: loss ?? NaN }));
  const chart = lossChart(points, output.width);
  if (chart !== '') output.line(chart);
  const epochs = rows.filter(({ kind, valid_loss: loss }) => kind === 'epoch' && loss !== undefined);
  if (epochs.length > 0) {
    const cells = epochs.map((row) => [row.epoch, formatNumber(row.train_loss), formatNumber(row.valid_loss)]);
    output.line(`\n${output.table(['EPOCH', 'LOSS', 'EVAL LOSS'], cells)}`);
  }
  const model = job.fine_tuned_model;
  if (job.status === 'succeeded' && model !== null) {
    const took = formatDuration((job.finished_at ?? job.created_at) - job.created_at);
    output.line(
      `\n${output.colors.green('Done')} in ${took}, ${job.trained_tokens ?? 0} tokens. The model is ${model}`,
    );
    output.line(`Talk to it: thinker chat ${model}`);
    return;
  }
  const reason = job.error === null ? '' : `: ${job.error.message}`;
  throw new CliError(`The job ${job.id} is ${job.status}${reason}`);
}
