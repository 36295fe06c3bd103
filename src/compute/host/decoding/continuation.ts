import { type SampledSequence, type StopReason } from '../../../domain/sampling.js';
import { emptyTopTokens, joinTokenTables, putTopTokens, type TopTokens } from '../../../domain/top-tokens.js';
import { type GenerateRequest } from '../../compute-backend.js';
import { type GrammarState } from '../../../grammars/engine/grammar-engine.js';
import { type NextToken } from '../../model-engine.js';
import { RandomStream } from '../../numerics/random.js';
import { countsTokens, drawPlain, isPlain, type TextSoFar, type TokenSampler } from '../../numerics/token-sampler.js';
import { type StopText } from './stop-text.js';

/**
 * A continuation being written: its tokens, and why it ends. Random numbers come from (seed, continuation, position)
 * alone, so it does not depend on any other.
 */
export class Continuation {
  readonly tokens: number[] = [];
  stopReason: StopReason | null = null;
  private readonly logprobs: number[] = [];
  private readonly tops: TopTokens[] = [];
  private readonly random: RandomStream;
  private readonly text: PenalisedText;

  constructor(
    readonly index: number,
    private readonly request: GenerateRequest,
    /** null: there are no stop strings. */
    private readonly stopText: StopText | null,
    /** null: the answer may be anything. */
    private readonly grammar: GrammarState | null = null,
  ) {
    this.random = new RandomStream(request.sampling.seed, `generate/${index}`);
    this.text = new PenalisedText(request);
  }

  /** The random number that decides on the next token. */
  get uniform(): number {
    return this.random.uniform(this.tokens.length);
  }

  /** Whether it is known late what may come next, or that nothing does. */
  get isHeldUp(): boolean {
    return this.stopReason === null && this.grammar?.isHeldUp === true;
  }

  /**
   * Takes the next token. Where there are stop strings or a grammar, end() must say whether it was the last.
   * @param draw which of the engine's draws is for this continuation, where the engine has made them
   */
  draw(sampler: TokenSampler, next: NextToken, draw: number): { token: number; logprob: number } {
    const token = next.drawn ? next.drawn[draw]! : this.sample(sampler, next);
    const logprob = next.logits[next.drawn ? draw : token]! - next.logSum;
    this.tokens.push(token);
    this.logprobs.push(logprob);
    this.text.add(token);
    this.keepTop(next);
    const { sampling } = this.request;
    if (sampling.stopTokens.includes(token)) this.stopReason = 'stop';
    else if (!this.stopText && this.isFull()) this.stopReason = 'length';
    else this.grammar?.accept(token);
    return { token, logprob };
  }

  /** Looks for stop strings and for the end of the grammar. */
  async end(): Promise<void> {
    if (this.stopReason) return;
    const [isStopped] = await Promise.all([this.stopText?.isIn(this.tokens), this.grammar?.settled()]);
    if (isStopped || this.grammar?.ended) this.stopReason = 'stop';
    else if (this.isFull()) this.stopReason = 'length';
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

  private sample(sampler: TokenSampler, { logits, probabilities }: NextToken): number {
    const { sampling } = this.request;
    if (probabilities && isPlain(sampling) && !this.grammar) return drawPlain(probabilities, this.uniform);
    return sampler.sample(logits, sampling, this.text, this.uniform, this.grammar?.mask);
  }

  private isFull(): boolean {
    return this.tokens.length >= this.request.sampling.maxNewTokens;
  }

  private keepTop({ logits, logSum }: NextToken): void {
    const k = this.request.topSampledTokens ?? 0;
    if (k === 0) return;
    const row = emptyTopTokens(1, k);
    putTopTokens(row, 0, logits, logSum);
    this.tops.push(row);
  }
}

/** Keeps what the penalties of a request need to know of its text, and nothing where there are none. */
class PenalisedText implements TextSoFar {
  readonly seen: number[] = [];
  readonly counts = new Map<number, number>();
  private readonly known: Set<number> | null;
  private readonly isCounted: boolean;

  constructor({ prompt, sampling }: GenerateRequest) {
    this.isCounted = countsTokens(sampling);
    this.known = sampling.repetitionPenalty === 1 ? null : new Set(prompt);
    if (this.known) this.seen = [...this.known];
  }

  add(token: number): void {
    if (this.isCounted) this.counts.set(token, (this.counts.get(token) ?? 0) + 1);
    if (!this.known || this.known.has(token)) return;
    this.known.add(token);
    this.seen.push(token);
  }
}
