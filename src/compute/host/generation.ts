import { ContinuationText } from '../../base-models/tokenizers/continuation-text.js';
import { type SampledSequence, type StopReason } from '../../domain/sampling.js';
import { emptyTopTokens, joinTokenTables, putTopTokens, type TopTokens } from '../../domain/top-tokens.js';
import { type GenerateOptions, type GenerateRequest, type GenerateResult } from '../compute-backend.js';
import { throwIfCancelled } from '../generation-cancelled.error.js';
import { type HostTensor, hostTensor } from '../graph/program.js';
import { LOG_SUM, LOGITS } from '../models/generation-graph.js';
import { KvCache } from './kv-cache.js';
import { type ModelRuntime, type ProgramVariant } from './model-runtime.js';
import { PromptScores } from '../numerics/prompt-scores.js';
import { RandomStream } from '../numerics/random.js';
import { TokenSampler } from '../numerics/token-sampler.js';

/** Prompt tokens per prefill step: bounds the memory of attention among them. */
const PREFILL_TOKENS = 512;
/** The same where every place gives a row of logits. */
const SCORED_TOKENS = 64;

export interface GenerationModel {
  readonly runtime: ModelRuntime;
  readonly variant: ProgramVariant;
  /** Weights of the adapter, fixed for the whole generation. */
  readonly feeds: readonly [string, HostTensor][];
  /** Text of tokens without special ones, for stop strings. */
  readonly decode: (tokens: ArrayLike<number>) => Promise<string>;
}

/** What the model says about the next token of one sequence: a row of logits and their log-sum-exp. */
interface NextToken {
  readonly logits: Float32Array;
  readonly logSum: number;
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
 * Samples continuations of one prompt: the prompt is read once, its cache is copied for every continuation, and those
 * still open advance together, one token per step. Random numbers come from (seed, continuation, position) alone, so a
 * continuation does not depend on the others.
 */
export async function generate(
  model: GenerationModel,
  request: GenerateRequest,
  { onToken, signal }: GenerateOptions = {},
): Promise<GenerateResult> {
  const { runtime } = model;
  const sampler = new TokenSampler(runtime.config.vocabSize);
  const hasStops = request.sampling.stopStrings.length > 0;
  const text = hasStops ? await ContinuationText.after(request.prompt, model.decode) : null;
  const all = Array.from({ length: request.count }, (_, index) => new Continuation(index, request, text));
  const cache = new KvCache(runtime.config, 1);
  const scores = new PromptScores(request, sampler);
  const prefilled = await prefill(model, cache, request.prompt, scores, signal);
  const draw = async (continuation: Continuation, next: NextToken) => {
    const drawn = await continuation.next(sampler, next);
    onToken?.({ index: continuation.index, ...drawn });
  };
  for (const continuation of all) await draw(continuation, prefilled);
  let open = all.filter(({ stopReason }) => stopReason === null);
  cache.select(open.map(() => 0));
  while (open.length > 0) {
    throwIfCancelled(signal);
    const tokens = Int32Array.from(open, (continuation) => continuation.tokens.at(-1)!);
    const next = await step(model, cache, tokens, open.length);
    for (const [row, continuation] of open.entries()) await draw(continuation, next[row]!);
    const kept = open.flatMap(({ stopReason }, row) => (stopReason === null ? [row] : []));
    if (kept.length < open.length) cache.select(kept);
    open = kept.map((row) => open[row]!);
  }
  return { sequences: all.map((continuation) => continuation.finish()), ...scores.results() };
}

/** Feeds the prompt through the model; says what comes after its last token, and fills `scores` for the places before. */
async function prefill(
  model: GenerationModel,
  cache: KvCache,
  prompt: Int32Array,
  scores: PromptScores,
  signal: AbortSignal | undefined,
): Promise<NextToken> {
  let next: NextToken[] = [];
  // The token before a place is the one that tells of it.
  const scoredFrom = scores.from - 1;
  for (let start = 0; start < prompt.length;) {
    throwIfCancelled(signal);
    const scored = start >= scoredFrom;
    const end = scored ? start + SCORED_TOKENS : Math.min(start + PREFILL_TOKENS, scoredFrom);
    const tokens = prompt.subarray(start, end);
    next = await step(model, cache, tokens, 1, scored ? Int32Array.from(tokens.keys()) : undefined);
    // What follows the last token of the prompt is no place in it.
    const inside = scored ? next.slice(0, prompt.length - 1 - start) : [];
    for (const [i, { logits, logSum }] of inside.entries()) scores.put(start + i + 1, logits, logSum);
    start += tokens.length;
  }
  return next.at(-1)!;
}

/**
 * Runs tokens.length / sequences new tokens of every sequence; says what comes next after `rows`: the last of every
 * sequence where it is left out.
 */
async function step(
  { runtime, variant, feeds }: GenerationModel,
  cache: KvCache,
  tokens: Int32Array,
  sequences: number,
  rows?: Int32Array,
): Promise<NextToken[]> {
  const count = tokens.length / sequences;
  const positions = BigInt64Array.from(tokens, (_, i) => BigInt(cache.length + (i % count)));
  const last = rows ?? Int32Array.from({ length: sequences }, (_, b) => (b + 1) * count - 1);
  const past = cache.feeds();
  const capacity = past[0]![1].shape[2]!;
  const inputs = new Map<string, HostTensor>([
    ...feeds,
    ...past,
    ...runtime.tables.rotary(cache.length + count),
    ['tokens', hostTensor(tokens, [tokens.length])],
    ['positions', hostTensor(positions, [sequences, count])],
    ['mask', runtime.tables.causalMask(count)],
    ['last', hostTensor(last, [last.length])],
    ['sizes', hostTensor(BigInt64Array.of(BigInt(capacity), BigInt(count)), [2])],
  ]);
  const outputs = await runtime.use('generation', variant, (program) => program.run(inputs));
  cache.append(outputs, count);
  const { data, shape } = outputs.get(LOGITS)!;
  const logSums = outputs.get(LOG_SUM)!.data;
  const row = (b: number) => data.subarray(b * shape[1]!, (b + 1) * shape[1]!);
  return Array.from({ length: last.length }, (_, b) => ({ logits: row(b), logSum: logSums[b]! }));
}
