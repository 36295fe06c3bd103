import { type GenerateOptions, type GenerateRequest, type GenerateResult } from '../../compute-backend.js';
import { type GrammarState } from '../../../grammars/engine/grammar-engine.js';
import { type NextToken, type PlainDraws } from '../../model-engine.js';
import { isTemperatureAlone, type TokenSampler } from '../../numerics/token-sampler.js';
import { Continuation } from './continuation.js';
import { type HeldSequence, type Move } from './held-sequence.js';
import { type PrefixSource, type PrefixText, prefixText } from './prefix-cache.js';
import { PromptScores } from './prompt-scores.js';
import { type StopText } from './stop-text.js';

/** Tokens that a continuation may write before it asks for more memory. */
const GRANT_TOKENS = 256;

/** What a generation is made of. */
export interface GenerationParts {
  readonly request: GenerateRequest;
  readonly options: GenerateOptions;
  readonly sampler: TokenSampler;
  /** null: there are no stop strings. */
  readonly stopText: StopText | null;
  /** One for each continuation; none: answers may be anything. */
  readonly grammars: readonly GrammarState[];
  /** An empty sequence with the weights to sample from. */
  readonly sequence: number;
  /** Names these weights; null: nothing is shared with other generations. */
  readonly weightsKey: string | null;
  /** Memory of a token that a sequence holds. */
  readonly bytesPerToken: number;
}

/** A continuation and what the engine holds for it. */
export interface Branch {
  readonly continuation: Continuation;
  readonly held: HeldSequence;
}

/**
 * One request: its prompt is read in pieces, the first token of every continuation is drawn from what comes after it, and
 * continuations that go on are written token by token, each in a sequence of its own. It says what comes next and takes
 * what the engine answers; it calls no engine and knows of no other generation.
 */
export class Generation implements PrefixSource {
  readonly text: PrefixText;
  readonly owner: string;
  /** The owner's weight in the division of engine time. */
  readonly weight: number;
  readonly weightsKey: string | null;
  readonly bytesPerToken: number;
  readonly result: Promise<GenerateResult>;
  /** Holds the prompt; one continuation goes on in it. */
  readonly root: HeldSequence;
  /** Continuations being written. */
  branches: readonly Branch[] = [];
  /** Has its prompt been looked up among those that others have read? */
  begun = false;
  ended = false;
  /** Sits out steps until it is known what may come next. */
  isHeldUp = false;
  private readonly continuations: readonly Continuation[];
  private readonly scores: PromptScores;
  private settle!: { resolve: (result: GenerateResult) => void; reject: (error: unknown) => void };
  /** Continuations that have their first token and no sequence yet. */
  private waiting: Continuation[] = [];
  /** The continuation that goes on in the root. */
  private first: Continuation | null = null;

  constructor(private readonly parts: GenerationParts) {
    const { request, sampler, stopText, grammars, options } = parts;
    this.weightsKey = parts.weightsKey;
    this.bytesPerToken = parts.bytesPerToken;
    this.owner = options.owner ?? '';
    this.weight = options.weight ?? 1;
    this.text = prefixText(request.prompt);
    this.scores = new PromptScores(request, sampler);
    this.continuations = Array.from({ length: request.count }, (_, index) => {
      return new Continuation(index, request, stopText?.again() ?? null, grammars[index] ?? null);
    });
    this.root = { sequence: parts.sequence, length: 0, granted: this.firstGrant };
    this.result = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
  }

  get isCancelled(): boolean {
    return this.parts.options.signal?.aborted ?? false;
  }

  get sequence(): number {
    return this.root.sequence;
  }

  /** Tokens of the prompt that have been read. */
  get read(): number {
    return Math.min(this.root.length, this.text.tokens.length);
  }

  get unread(): number {
    return this.text.tokens.length - this.read;
  }

  /** Tokens of the prompt of which nothing is asked, so that another sequence may have read them. */
  get shareable(): number {
    return Math.min(this.text.tokens.length - 1, this.scores.from - 1);
  }

  /** Tokens that a sequence must have room for, so that a continuation can begin in it. */
  get firstGrant(): number {
    const { prompt, sampling } = this.parts.request;
    return prompt.length + Math.min(GRANT_TOKENS, sampling.maxNewTokens);
  }

  /** All that the engine holds for it. */
  get held(): HeldSequence[] {
    const forks = this.branches.map(({ held }) => held).filter((held) => held !== this.root);
    return [this.root, ...forks];
  }

  get isDone(): boolean {
    return this.unread === 0 && this.branches.length === 0 && this.waiting.length === 0;
  }

  /** Goes on from a sequence that has read the beginning of the prompt already. */
  continueFrom(sequence: number, length: number): void {
    Object.assign(this.root, { sequence, length });
  }

  /** The next piece of the prompt. @param rows most rows of logits that it may ask for */
  nextPiece(tokens: number, rows: number): Move {
    const { root: held, read } = this;
    // The log-probs of a position are computed from the token before it.
    const scoredFrom = this.scores.from - 1;
    if (read < scoredFrom) {
      const piece = this.text.tokens.subarray(read, Math.min(read + tokens, scoredFrom));
      return { held, tokens: piece, ...(piece.length === this.unread ? this.drawsFor(this.continuations) : {}) };
    }
    const piece = this.text.tokens.subarray(read, read + Math.min(tokens, rows));
    const move = { held, tokens: piece, rows: Int32Array.from(piece.keys()) };
    const named = this.scores.named(read + 1, Math.min(piece.length, this.unread - 1));
    if (!named) return move;
    return { ...move, named, ...(piece.length === this.unread ? this.drawsFor(this.continuations) : {}) };
  }

  /** Takes what the engine says about a piece, which the root holds by now. */
  takePiece({ tokens, rows }: Move, next: readonly NextToken[]): void {
    const start = this.read - tokens.length;
    // What follows the last token of the prompt is not a position in it.
    const inside = rows ? next.slice(0, this.text.tokens.length - 1 - start) : [];
    for (const [i, row] of inside.entries()) this.scores.put(start + i + 1, row);
    if (this.unread > 0) return;
    for (const [i, continuation] of this.continuations.entries()) this.draw(continuation, next.at(-1)!, i);
    this.waiting = this.continuations.filter(isOpen);
  }

  /** How many continuations wait for a sequence besides the one that takes over the root. */
  branchFromRoot(): number {
    if (!this.first && this.waiting.length > 0) {
      this.first = this.waiting.shift()!;
      this.branches = [{ continuation: this.first, held: this.root }];
    }
    return this.waiting.length;
  }

  /** Gives waiting continuations these sequences, which hold the prompt. */
  branch(sequences: readonly number[]): void {
    const { length } = this.text.tokens;
    const added = sequences.map((sequence): Branch => ({
      continuation: this.waiting.shift()!,
      held: { sequence, length, granted: this.firstGrant },
    }));
    this.branches = [...this.branches, ...added];
  }

  /** Tokens that a branch needs more room for before it goes on; 0 when it has room. */
  missing({ held }: Branch): number {
    if (held.length < held.granted) return 0;
    return Math.min(GRANT_TOKENS, this.text.tokens.length + this.parts.request.sampling.maxNewTokens - held.granted);
  }

  nextToken({ continuation, held }: Branch): Move {
    return { held, tokens: Int32Array.of(continuation.tokens.at(-1)!), ...this.drawsFor([continuation]) };
  }

  takeToken({ continuation }: Branch, next: NextToken): void {
    this.draw(continuation, next, 0);
  }

  /** Waits until it is known which continuations end with the tokens just drawn. */
  async decide(): Promise<void> {
    if (!this.parts.stopText && this.parts.grammars.length === 0) return;
    await Promise.all(this.undecided.map((continuation) => continuation.end()));
  }

  /** Whether decide() waits for the grammar of another request to be compiled. */
  get decidesLate(): boolean {
    return this.parts.grammars.length > 0 && this.undecided.some(({ isHeldUp }) => isHeldUp);
  }

  /** Takes out the continuations that have ended. @returns what the engine holds for nothing now */
  takeEnded(): HeldSequence[] {
    this.waiting = this.waiting.filter(isOpen);
    const ended = this.branches.filter(({ continuation }) => !isOpen(continuation));
    if (ended.length > 0) this.branches = this.branches.filter(({ continuation }) => isOpen(continuation));
    return ended.map(({ held }) => held).filter((held) => held !== this.root);
  }

  /** All that the root holds. The token that was drawn last has not been read. */
  rootText(): PrefixText {
    const written = this.first?.tokens.slice(0, -1) ?? [];
    return prefixText(Int32Array.from([...this.text.tokens, ...written]));
  }

  /** Lets go of what it holds outside of the engine. */
  close(): void {
    for (const grammar of this.parts.grammars) grammar.close();
  }

  succeed(): void {
    const sequences = this.continuations.map((continuation) => continuation.finish());
    this.settle.resolve({ sequences, ...this.scores.results() });
  }

  fail(error: unknown): void {
    this.settle.reject(error);
  }

  private get undecided(): readonly Continuation[] {
    return [...this.waiting, ...this.branches.map(({ continuation }) => continuation)];
  }

  /** The draws for these continuations, where nothing else is asked of the row that they are drawn from. */
  private drawsFor(continuations: readonly Continuation[]): { draws?: PlainDraws } {
    const { request, grammars } = this.parts;
    const { sampling, topSampledTokens = 0 } = request;
    if (topSampledTokens > 0 || grammars.length > 0 || !isTemperatureAlone(sampling)) return {};
    return { draws: { temperature: sampling.temperature, uniforms: continuations.map(({ uniform }) => uniform) } };
  }

  private draw(continuation: Continuation, next: NextToken, draw: number): void {
    // A listener may have given it up.
    if (this.ended) return;
    const drawn = continuation.draw(this.parts.sampler, next, draw);
    this.parts.options.onToken?.({ index: continuation.index, ...drawn });
  }
}

function isOpen({ stopReason }: Continuation): boolean {
  return stopReason === null;
}
