import { type EvalRow } from './input/eval-rows.js';
import { type ThinkerClient } from './service/client.js';

export interface Evaluation {
  readonly rows: number;
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

/** Rows per request of the loss, and answers that are sampled at a time: the service batches what waits together. */
const BATCH = 8;

/** Measures a model on rows: the loss of the answers, and how many it gives word for word. */
export async function evaluate(
  client: ThinkerClient,
  model: string,
  rows: readonly EvalRow[],
  { maxTokens, answers, onProgress }: EvaluationOptions,
): Promise<Evaluation> {
  let [sum, tokens, matches, done] = [0, 0, 0, 0];
  for (let start = 0; start < rows.length; start += BATCH) {
    const batch = rows.slice(start, start + BATCH);
    const sampled = answers ? batch.map((row) => isMatch(client, model, row, maxTokens)) : [];
    const data = batch.map(({ datum }) => datum);
    const pass = client.adapter(model).forward({ data, train_on: 'assistant', loss_fn: 'cross_entropy' });
    const [{ loss, metrics }, ...found] = await Promise.all([pass, ...sampled]);
    sum += loss ?? NaN;
    tokens += metrics['num_weighted_tokens'] ?? 0;
    matches += found.filter(Boolean).length;
    done += batch.length;
    onProgress(done);
  }
  const loss = sum / tokens;
  return { rows: rows.length, tokens, loss, perplexity: Math.exp(loss), matches: answers ? matches : null };
}

async function isMatch(client: ThinkerClient, model: string, row: EvalRow, maxTokens: number): Promise<boolean> {
  const settings = { temperature: 0, max_new_tokens: maxTokens };
  const { text } = await client.generate({ model_id: model, ...row.question, ...settings });
  return text.trim() === row.answer.trim();
}
