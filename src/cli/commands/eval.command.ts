import { Command } from 'commander';
import { type ThinkerClient } from '../service/client.js';
import { type CliContext, handler } from '../context.js';
import { readEvalRows } from '../input/eval-rows.js';
import { evaluate, type Evaluation } from '../evaluation.js';
import { wholeNumber } from '../input/options.js';
import { formatNumber } from '../views/format.js';
import { ProgressBar } from '../views/progress-bar.js';

interface EvalOptions {
  readonly limit?: number;
  readonly maxTokens: number;
  readonly answers: boolean;
}

export function evalCommand(): Command {
  return new Command('eval')
    .description('measure loss and exact matches on a file')
    .argument('<model>', 'adapter or base model ("base")')
    .argument('<file>', 'chats, or prompts and completions, in any form that train takes')
    .option('--limit <number>', 'only the first rows', wholeNumber(1))
    .option('--max-tokens <number>', 'maximum length of an answer', wholeNumber(1), 256)
    .option('--no-answers', 'measure the loss only')
    .addHelpText(
      'after',
      '\nThe loss is the mean over the tokens of all answers. An answer matches exactly if greedy sampling gives the\n' +
        'last message of the chat, or the completion of the prompt, up to white space around it. Prompts are asked as they\n' +
        'stand, without the chat template, as they are trained.',
    )
    .action(handler(run));
}

async function run(context: CliContext, options: EvalOptions, model = '', file = ''): Promise<void> {
  const { output } = context;
  const rows = await readEvalRows(file, options.limit);
  const client: ThinkerClient = await context.connect();
  await client.models.get(model); // /fwd would create an adapter that does not exist
  const bar = new ProgressBar(output, 'rows');
  bar.start(rows.length);
  let result: Evaluation;
  try {
    result = await evaluate(client, model, rows, { ...options, onProgress: (done) => bar.update(done) });
  } finally {
    bar.stop();
  }
  output.result({ model, file, ...result }, () =>
    output.fields({
      model,
      rows: result.rows,
      'answer tokens': result.tokens,
      loss: formatNumber(result.loss),
      perplexity: formatNumber(result.perplexity),
      ...(result.matches === null
        ? {}
        : { 'exact matches': `${result.matches} (${formatNumber((100 * result.matches) / result.rows)} %)` }),
    }),
  );
}
