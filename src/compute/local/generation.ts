import { type SampledSequence, type StopReason } from '../../domain/sampling.js';
import { type TargetModule } from '../../domain/lora-spec.js';
import { type GenerateRequest, type TokenListener } from '../compute-backend.js';
import { type HostTensor, hostTensor } from '../graph/program.js';
import { LOG_SUM, LOGITS } from '../models/generation-graph.js';
import { KvCache } from './kv-cache.js';
import { type ModelRuntime } from './model-runtime.js';
import { RandomStream } from './random.js';
import { TokenSampler } from './token-sampler.js';

/** Prompt tokens per prefill step: bounds the memory of attention among them. */
const PREFILL_TOKENS = 512;

export interface GenerationModel {
  readonly runtime: ModelRuntime;
  readonly targets: readonly TargetModule[];
  /** Weights of the adapter, fixed for the whole generation. */
  readonly feeds: readonly [string, HostTensor][];
  /** Text of tokens, for stop strings. */
  readonly decode: (tokens: ArrayLike<number>) => string;
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
  stopReason: StopReason | null = null;
  private readonly random: RandomStream;

  constructor(
    readonly index: number,
    private readonly request: GenerateRequest,
    private readonly model: GenerationModel,
  ) {
    this.random = new RandomStream(request.sampling.seed, `generate/${index}`);
  }

  /** Draws the next token. */
  next(sampler: TokenSampler, { logits, logSum }: NextToken): { token: number; logprob: number } {
    const { sampling, prompt } = this.request;
    const history = sampling.repetitionPenalty === 1 ? [] : [...prompt, ...this.tokens];
    const token = sampler.sample(logits, sampling, history, this.random.uniform(this.tokens.length));
    const logprob = logits[token]! - logSum;
    this.tokens.push(token);
    this.logprobs.push(logprob);
    this.stopReason = this.ending(token);
    return { token, logprob };
  }

  finish(): SampledSequence {
    return {
      tokens: Int32Array.from(this.tokens),
      logprobs: Float32Array.from(this.logprobs),
      stopReason: this.stopReason ?? 'length',
    };
  }

  private ending(token: number): StopReason | null {
    const { stopTokens, stopStrings, maxNewTokens } = this.request.sampling;
    if (stopTokens.includes(token)) return 'stop';
    if (stopStrings.length > 0) {
      const text = this.model.decode(this.tokens);
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
  onToken?: TokenListener,
): Promise<SampledSequence[]> {
  const { runtime } = model;
  const sampler = new TokenSampler(runtime.config.vocabSize);
  const all = Array.from({ length: request.count }, (_, index) => new Continuation(index, request, model));
  const cache = new KvCache(runtime.config, 1);
  const prefilled = await prefill(model, cache, request.prompt);
  const draw = (continuation: Continuation, next: NextToken) => {
    const drawn = continuation.next(sampler, next);
    onToken?.({ index: continuation.index, ...drawn });
  };
  for (const continuation of all) draw(continuation, prefilled);
  let open = all.filter(({ stopReason }) => stopReason === null);
  cache.select(open.map(() => 0));
  while (open.length > 0) {
    const tokens = Int32Array.from(open, (continuation) => continuation.tokens.at(-1)!);
    const next = await step(model, cache, tokens, open.length);
    open.forEach((continuation, row) => draw(continuation, next[row]!));
    const kept = open.flatMap(({ stopReason }, row) => (stopReason === null ? [row] : []));
    if (kept.length < open.length) cache.select(kept);
    open = kept.map((row) => open[row]!);
  }
  return all.map((continuation) => continuation.finish());
}

/** Feeds the prompt through the model; says what comes after its last token. */
async function prefill(model: GenerationModel, cache: KvCache, prompt: Int32Array): Promise<NextToken> {
  let next: NextToken[] = [];
  for (let start = 0; start < prompt.length; start += PREFILL_TOKENS) {
    next = await step(model, cache, prompt.subarray(start, start + PREFILL_TOKENS), 1);
  }
  return next[0]!;
}

/** Runs tokens.length / sequences new tokens of every sequence; says for each what comes next. */
async function step(
  { runtime, targets, feeds }: GenerationModel,
  cache: KvCache,
  tokens: Int32Array,
  sequences: number,
): Promise<NextToken[]> {
  const count = tokens.length / sequences;
  const positions = BigInt64Array.from(tokens, (_, i) => BigInt(cache.length + (i % count)));
  const last = Int32Array.from({ length: sequences }, (_, b) => (b + 1) * count - 1);
  const past = cache.feeds();
  const capacity = past[0]![1].shape[2]!;
  const inputs = new Map<string, HostTensor>([
    ...feeds,
    ...past,
    ...runtime.tables.rotary(cache.length + count),
    ['tokens', hostTensor(tokens, [tokens.length])],
    ['positions', hostTensor(positions, [sequences, count])],
    ['mask', runtime.tables.causalMask(count)],
    ['last', hostTensor(last, [sequences])],
    ['sizes', hostTensor(BigInt64Array.of(BigInt(capacity), BigInt(count)), [2])],
  ]);
  const outputs = await runtime.use('generation', { targets }, (program) => program.run(inputs));
  cache.append(outputs, count);
  const { data, shape } = outputs.get(LOGITS)!;
  const logSums = outputs.get(LOG_SUM)!.data;
  const row = (b: number) => data.subarray(b * shape[1]!, (b + 1) * shape[1]!);
  return Array.from({ length: sequences }, (_, b) => ({ logits: row(b), logSum: logSums[b]! }));
}
