import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { UsageError } from '../errors/cli.error.js';
import { type GenerateRequest, type TokenEvent } from '../service/client.js';
import { type CliContext, handler } from '../context.js';
import { type SamplingOptions, samplingOptions, wholeNumber } from '../input/options.js';

interface SampleOptions extends SamplingOptions {
  readonly raw?: boolean;
  readonly count: number;
  readonly stop?: string[];
  readonly logprobs?: boolean;
}

export function sampleCommand(): Command {
  const command = new Command('sample')
    .description('sample completions of one prompt')
    .argument('<model>', 'adapter, base model ("base") or tinker:// path')
    .argument('[prompt]', 'a question; read from standard input if it is left out')
    .option('--raw', 'continue the prompt as text, without the chat template')
    .option('-n, --count <number>', 'number of completions', wholeNumber(1, 64), 1)
    .option('--stop <text...>', 'strings that end a completion')
    .option('--logprobs', 'with --json: the log-prob of every token');
  for (const option of samplingOptions(1)) command.addOption(option);
  return command.action(handler(sample));
}

async function sample(context: CliContext, options: SampleOptions, model = '', given?: string): Promise<void> {
  const { output } = context;
  const prompt = given ?? (await text(process.stdin)).trim();
  if (prompt === '') throw new UsageError('There is no prompt: pass it as an argument or on standard input.');
  const client = await context.connect();
  const request: GenerateRequest = {
    model_id: model,
    ...(options.raw ? { prompt } : { messages: [{ role: 'user', content: prompt }] }),
    max_new_tokens: options.maxTokens,
    temperature: options.temperature,
    n: options.count,
    ...(options.topP === undefined ? {} : { top_p: options.topP }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.stop ? { stop: options.stop } : {}),
    ...(options.logprobs ? { logprobs: true } : {}),
  };
  if (output.isJson || options.count > 1) {
    const { request_id: _id, kind: _kind, status: _status, ...result } = await client.generate(request);
    const texts = result.sequences.map((sequence) => sequence.text);
    output.result(result, () => texts.join(`\n${output.colors.dim('---')}\n`));
    return;
  }
  for await (const event of client.stream(request)) output.text((event satisfies TokenEvent).text);
  output.line();
}
