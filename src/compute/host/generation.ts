import { ContinuationText } from '../../base-models/tokenizers/continuation-text.js';
import { type SampledSequence, type StopReason } from '../../domain/sampling.js';
import { emptyTopTokens, joinTokenTables, putTopTokens, type TopTokens } from '../../domain/top-tokens.js';
import { throwIfCancelled } from '../call-cancelled.error.js';
import { type GenerateOptions, type GenerateRequest, type GenerateResult } from '../compute-backend.js';
import { type ModelEngine, type NextToken, type WeightsRef } from '../model-engine.js';
import { PromptScores } from './prompt-scores.js';
import { RandomStream } from '../numerics/random.js';
import { TokenSampler } from '../numerics/token-sampler.js';

/** Prompt tokens per prefill step: bounds the memory of attention among them. */
const PREFILL_TOKENS = 512;
/** The same where every place gives a row of logits. */
const SCORED_TOKENS = 64;

/** What a generation runs on. */
export interface GenerationModel {
  readonly engine: ModelEngine;
  readonly weights: WeightsRef;
  readonly vocabSize: number;
  /** Text of tokens without special ones, for stop strings. */
  readonly decode: (tokens: ArrayLike<number>) => Promise<string>;
}

/** A continuation being written. */
class Continuation {
  readonly tokens: number[] = [];
  readonly logprobs: number[] = [];
  private readonly tops: TopTokens[] = [];
  stopReason: StopReason | null = null;
  private readonly random: RandomStream;

  constructor(
    readonly index: number,
    private readonly request: GenerateRequest,
    /** null: there are no stop strings. */
    private readonly text: ContinuationText | null,
  ) {
    this.random = new RandomStream(request.sampling.seed, `generate/${index}`);
  }

  /** Draws the next token. */
  async next(sampler: TokenSampler, { logits, logSum }: NextToken): Promise<{ token: number; logprob: number }> {
    const { sampling, prompt } = this.request;
    const history = sampling.repetitionPenalty === 1 ? [] : [...prompt, ...this.tokens];
    const token = sampler.sample(logits, sampling, history, this.random.uniform(this.tokens.length));
    const logprob = logits[token]! - logSum;
    this.tokens.push(token);
    this.logprobs.push(logprob);
    this.keepTop(logits, logSum);
    this.stopReason = await this.ending(token);
    return { token, logprob };
  }

  finish(): SampledSequence {
    const k = this.request.topSampledTokens ?? 0;
    return {
      tokens: Int32Array.from(this.tokens),
      logprobs: Float32Array.from(this.logprobs),
      ...(k > 0 ? { top: joinTokenTables(this.tops, k) } : {}),
      stopReason: this.stopReason ?? 'length',
    };
  }

  private keepTop(logits: Float32Array, logSum: number): void {
    const k = this.request.topSampledTokens ?? 0;
    if (k === 0) return;
    const row = emptyTopTokens(1, k);
    putTopTokens(row, 0, logits, logSum);
    this.tops.push(row);
  }

  private async ending(token: number): Promise<StopReason | null> {
    const { stopTokens, stopStrings, maxNewTokens } = this.request.sampling;
    if (stopTokens.includes(token)) return 'stop';
    if (this.text) {
      const text = await this.text.of(this.tokens);
      if (stopStrings.some((stop) => text.includes(stop))) return 'stop';
    }
    return this.tokens.length >= maxNewTokens ? 'length' : null;
  }
}

/**
 * Samples continuations of one prompt: the prompt is read once, its sequence is forked for every continuation, and those
 * still open advance together, one token per step. Random numbers come from (seed, continuation, position) alone, so a
 * continuation does not depend on the others.
 */
export async function generate(
  model: GenerationModel,
  request: GenerateRequest,
  options: GenerateOptions = {},
): Promise<GenerateResult> {
  const generation = new Generation(model, request, options);
  try {
    return await generation.run();
  } finally {
    await generation.close();
  }
}

/** A continuation and the sequence that the engine has for it. */
interface Branch {
  readonly continuation: Continuation;
  readonly sequence: number;
}

class Generation {
  private readonly sampler: TokenSampler;
  private readonly scores: PromptScores;
  private readonly sequences = new Set<number>();

  constructor(
    private readonly model: GenerationModel,
    private readonly request: GenerateRequest,
    private readonly options: GenerateOptions,
  ) {
    this.sampler = new TokenSampler(model.vocabSize);
    this.scores = new PromptScores(request, this.sampler);
  }

  async run(): Promise<GenerateResult> {
    const { engine, weights, decode } = this.model;
    const { prompt, count, sampling } = this.request;
    const root = await engine.openSequence(weights);
    this.sequences.add(root);
    const text = sampling.stopStrings.length > 0 ? await ContinuationText.after(prompt, decode) : null;
    const all = Array.from({ length: count }, (_, index) => new Continuation(index, this.request, text));
    const prefilled = await this.prefill(root);
    for (const continuation of all) await this.draw(continuation, prefilled);
    let open = await this.branch(root, all.filter(isOpen));
    while (open.length > 0) {
      throwIfCancelled(this.options.signal);
      const next = await engine.advance(
        open.map(({ continuation, sequence }) => ({ sequence, tokens: Int32Array.of(continuation.tokens.at(-1)!) })),
      );
      for (const [i, { continuation }] of open.entries()) await this.draw(continuation, next[i]![0]!);
      await this.closeSequences(open.flatMap((branch) => (isOpen(branch.continuation) ? [] : [branch.sequence])));
      open = open.filter(({ continuation }) => isOpen(continuation));
    }
    return { sequences: all.map((continuation) => continuation.finish()), ...this.scores.results() };
  }

  /** Frees what the engine still holds. */
  close(): Promise<void> {
    return this.closeSequences([...this.sequences]);
  }

  private async draw(continuation: Continuation, next: NextToken): Promise<void> {
    const drawn = await continuation.next(this.sampler, next);
    this.options.onToken?.({ index: continuation.index, ...drawn });
  }

  /** Feeds the prompt through the model; says what comes after its last token, and scores the places before. */
  private async prefill(sequence: number): Promise<NextToken> {
    const { prompt } = this.request;
    const { scores } = this;
    let next: readonly NextToken[] = [];
    // The token before a place is the one that tells of it.
    const scoredFrom = scores.from - 1;
    for (let start = 0; start < prompt.length;) {
      throwIfCancelled(this.options.signal);
      const scored = start >= scoredFrom;
      const end = scored ? start + SCORED_TOKENS : Math.min(start + PREFILL_TOKENS, scoredFrom);
      const tokens = prompt.subarray(start, end);
      const step = scored ? { sequence, tokens, rows: Int32Array.from(tokens.keys()) } : { sequence, tokens };
      next = (await this.model.engine.advance([step]))[0]!;
      // What follows the last token of the prompt is not a position in it.
      const inside = scored ? next.slice(0, prompt.length - 1 - start) : [];
      for (const [i, { logits, logSum }] of inside.entries()) scores.put(start + i + 1, logits, logSum);
      start += tokens.length;
    }
    return next.at(-1)!;
  }

  /** A sequence for each of the continuations; one alone takes over that of the prompt. */
  private async branch(root: number, continuations: readonly Continuation[]): Promise<Branch[]> {
    if (continuations.length === 1) return continuations.map((continuation) => ({ continuation, sequence: root }));
    const forks = continuations.length > 0 ? await this.model.engine.forkSequence(root, continuations.length) : [];
    for (const sequence of forks) this.sequences.add(sequence);
    await this.closeSequences([root]);
    return continuations.map((continuation, i) => ({ continuation, sequence: forks[i]! }));
  }

  private async closeSequences(sequences: readonly number[]): Promise<void> {
    if (sequences.length === 0) return;
    for (const sequence of sequences) this.sequences.delete(sequence);
    await this.model.engine.closeSequences(sequences);
  }
}

function isOpen({ stopReason }: Continuation): boolean {
  return stopReason === null;
}
