import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors/app-error.js';
import { invalid } from '../../common/json/json-fields.js';
import { type TrainingFile } from '../files/index.js';
import { tokenizeExample, type TrainedSequence } from '../fine-tuning/index.js';
import { GenerationService, type SamplingOrder, type SamplingSource } from '../generation/index.js';

/** Each is a request of its own in the log. */
const MAX_ROWS = 1000;
/** Requests in the log at a time. */
const IN_FLIGHT = 16;

/** The mean loss of a model over the tokens of a file's answers. */
export interface Evaluation {
  readonly rows: number;
  readonly tokens: number;
  readonly loss: number;
}

/**
 * Scores answers that are written already. A row is the prompt of a sampling request, which adapters, sampler weights and
 * base models all answer; the log-probs of its tokens are the same float32 numbers that a forward pass gives
 * (docs/durability.md).
 */
@Injectable()
export class Evaluator {
  constructor(private readonly generation: GenerationService) {}

  /** The rows of a file as the model reads them. @throws InvalidRequestError for what cannot be scored */
  async read(file: TrainingFile, { model }: SamplingSource, field: string): Promise<TrainedSequence[]> {
    if (file.kind === 'preference') {
      throw invalid(field, 'holds preferences.', 'Use a file of chats, or of prompts and completions.');
    }
    if (file.rows > MAX_ROWS) throw invalid(field, `has ${file.rows} rows.`, `Use a file of at most ${MAX_ROWS}.`);
    const rows = Array.from({ length: file.rows }, (_, i) => i);
    const examples = await file.read(rows);
    const sequences: TrainedSequence[] = [];
    // One after another: the first that is wrong is the one that is named.
    for (const [i, example] of examples.entries()) {
      const tokenize = (name: string) => tokenizeExample(example, name, { model, truncate: false });
      const read = tokenize(field).catch(async (error: unknown) => {
        if (!(error instanceof AppError)) throw error;
        return tokenize(`${field}, ${(await file.locations([i])).join()}`);
      });
      for (const sequence of await read) sequences.push(sequence);
    }
    if (sequences.some(hasTargets)) return sequences;
    throw invalid(field, 'has no answer that counts.', 'Use rows whose answers have a weight other than 0.');
  }

  /** Null when the signal aborts before. */
  async score(
    source: SamplingSource,
    sequences: readonly TrainedSequence[],
    signal: AbortSignal,
  ): Promise<Evaluation | null> {
    const scored = sequences.filter(hasTargets);
    let sum = 0;
    for (let i = 0; i < scored.length; i += IN_FLIGHT) {
      const part = scored.slice(i, i + IN_FLIGHT);
      const losses = await Promise.all(part.map((sequence) => this.lossOf(source, sequence, signal)));
      for (const loss of losses) {
        if (loss === null) return null;
        sum += loss;
      }
    }
    const tokens = scored.reduce((count, { weights }) => count + weights.subarray(1).filter(Boolean).length, 0);
    const weight = scored.reduce((total, { weights }) => total + weights.subarray(1).reduce((a, b) => a + b, 0), 0);
    return { rows: sequences.length, tokens, loss: sum / weight };
  }

  /** Summed over the tokens that count; their first one is predicted from nothing. */
  private async lossOf(
    source: SamplingSource,
    { tokens, weights }: TrainedSequence,
    signal: AbortSignal,
  ): Promise<number | null> {
    if (signal.aborted) return null;
    const accepted = await this.generation.submit(scoringOrder(source, tokens));
    const logprobs = (await this.generation.result(accepted, signal))?.generated.promptLogprobs;
    if (!logprobs) return null;
    return weights.reduce((sum, weight, t) => (t > 0 && weight > 0 ? sum - weight * (logprobs[t] ?? NaN) : sum), 0);
  }
}

/** A request that scores its prompt draws one token, which nobody reads. */
function scoringOrder(source: SamplingSource, prompt: Int32Array): SamplingOrder {
  return {
    source,
    prompt,
    count: 1,
    maxNewTokens: 1,
    settings: { temperature: 0 },
    stop: { tokens: [], strings: [], endTokens: false },
    seed: 0,
    wanted: { logprobs: false, promptLogprobs: true },
    stream: false,
    fields: { prompt: 'eval.file', maxNewTokens: 'eval.file', topSampledTokens: 'eval.file' },
  };
}

function hasTargets({ weights }: TrainedSequence): boolean {
  return weights.subarray(1).some((weight) => weight > 0);
}
