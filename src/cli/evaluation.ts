import { type Chat } from './input/chat-file.js';
import { type ThinkerClient } from './service/client.js';

export interface Evaluation {
  readonly chats: number;
  /** Tokens of the answers, over which the loss is the mean. */
  readonly tokens: number;
  readonly loss: number;
  readonly perplexity: number;
  /** Null if no answers were sampled. */
  readonly matches: number | null;
}

export interface EvaluationOptions {
  readonly maxTokens: number;
  readonly answers: boolean;
  readonly onProgress: (done: number) => void;
}

/** Chats per request of the loss, and answers that are sampled at a time: the service batches what waits together. */
const BATCH = 8;

/** Measures a model on chats: the loss of the answers, and how many it gives word for word. */
export async function evaluate(
  client: ThinkerClient,
  model: string,
  chats: readonly Chat[],
  { maxTokens, answers, onProgress }: EvaluationOptions,
): Promise<Evaluation> {
  let [sum, tokens, matches, done] = [0, 0, 0, 0];
  for (let start = 0; start < chats.length; start += BATCH) {
    const batch = chats.slice(start, start + BATCH);
    const sampled = answers ? batch.map((chat) => isMatch(client, model, chat, maxTokens)) : [];
    const data = batch.map(({ messages }) => ({ messages: [...messages] }));
    const pass = client.adapter(model).forward({ data, train_on: 'assistant', loss_fn: 'cross_entropy' });
    const [{ loss, metrics }, ...found] = await Promise.all([pass, ...sampled]);
    sum += loss ?? NaN;
    tokens += metrics['num_weighted_tokens'] ?? 0;
    matches += found.filter(Boolean).length;
    done += batch.length;
    onProgress(done);
  }
  const loss = sum / tokens;
  return { chats: chats.length, tokens, loss, perplexity: Math.exp(loss), matches: answers ? matches : null };
}

async function isMatch(client: ThinkerClient, model: string, chat: Chat, maxTokens: number): Promise<boolean> {
  const messages = chat.messages.slice(0, -1);
  const { text } = await client.generate({ model_id: model, messages, temperature: 0, max_new_tokens: maxTokens });
  return text.trim() === chat.answer.trim();
}
