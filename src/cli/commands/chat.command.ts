import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { Command } from 'commander';
import { type ChatRequest, type ThinkerClient } from '../service/client.js';
import { type CliContext, handler } from '../context.js';
import { type SamplingOptions, samplingOptions } from '../input/options.js';
import { type Output } from '../output.js';

interface ChatOptions extends SamplingOptions {
  readonly system?: string;
}

type Message = { readonly role: 'system' | 'user' | 'assistant'; readonly content: string };

const HELP = '/reset forgets the conversation, /exit (or Ctrl-D) ends it; Ctrl-C stops an answer.';

export function chatCommand(): Command {
  const command = new Command('chat')
    .description('talk to an adapter, a base model or sampler weights')
    .argument('[model]', 'its name, or a tinker:// path', 'base')
    .option('--system <text>', 'the system message')
    .addHelpText('after', '\nMessages are read from standard input, one per line.');
  for (const option of samplingOptions(0.7)) command.addOption(option);
  return command.action(handler(chat));
}

async function chat(context: CliContext, options: ChatOptions, model = 'base'): Promise<void> {
  const { output } = context;
  const client = await context.connect();
  await client.models.get(model); // an unknown name is an error before the first question
  const opening: readonly Message[] = options.system === undefined ? [] : [{ role: 'system', content: options.system }];
  const lines = createInterface({ input: process.stdin, output: process.stdout, terminal: output.isInteractive });
  if (output.isInteractive) output.note(`Talking to ${model}. ${HELP}`);
  lines.setPrompt(output.colors.bold('> '));
  const prompt = (): void => {
    if (output.isInteractive) lines.prompt();
  };
  let messages = opening;
  prompt();
  for await (const line of lines) {
    const text = line.trim();
    if (text === '/exit' || text === '/quit') break;
    if (text === '/reset') messages = opening;
    else if (text === '/help') output.note(HELP);
    else if (text !== '') messages = await exchange({ client, output, lines, model, options }, messages, text);
    prompt();
  }
  lines.close();
}

interface Conversation {
  readonly client: ThinkerClient;
  readonly output: Output;
  readonly lines: Interface;
  readonly model: string;
  readonly options: ChatOptions;
}

/** The conversation with the question and its answer. An answer that was stopped stays, as far as it got. */
async function exchange(
  { client, output, lines, model, options }: Conversation,
  messages: readonly Message[],
  question: string,
): Promise<readonly Message[]> {
  const asked: readonly Message[] = [...messages, { role: 'user', content: question }];
  const request: ChatRequest = {
    model,
    messages: [...asked],
    max_completion_tokens: options.maxTokens,
    temperature: options.temperature,
    ...(options.topP === undefined ? {} : { top_p: options.topP }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  };
  const stop = new AbortController();
  void once(lines, 'SIGINT', { signal: stop.signal }).then(
    () => stop.abort(),
    () => undefined,
  );
  let answer = '';
  let reason: string | null = null;
  try {
    for await (const { choices } of client.chat.stream(request, { signal: stop.signal })) {
      const text = choices[0]?.delta.content ?? '';
      reason = choices[0]?.finish_reason ?? reason;
      answer += text;
      output.text(text);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    reason = 'stopped';
  } finally {
    stop.abort();
  }
  output.line();
  if (reason === 'length') output.note(`(cut off after ${options.maxTokens} tokens: --max-tokens)`);
  output.document({ role: 'assistant', content: answer, finish_reason: reason });
  return [...asked, { role: 'assistant', content: answer }];
}
