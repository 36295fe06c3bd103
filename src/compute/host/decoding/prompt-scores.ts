import { type PromptTargets, NO_TARGET } from '../../../domain/prompt-targets.js';
import { offsetsOf } from '../../../domain/ragged-tensor.js';
import { emptyTopTokens, putTopTokens, type TokenTable, type TopTokens } from '../../../domain/top-tokens.js';
import { type GenerateRequest, type GenerateResult } from '../../compute-backend.js';
import { type NamedTokens, type NextToken } from '../../model-engine.js';
import { RandomStream } from '../../numerics/random.js';
import { type TokenSampler } from '../../numerics/token-sampler.js';

/** The scores that a request asks of positions of its prompt, filled in while the prompt is read. */
export class PromptScores {
  /** The first prompt position to score; Infinity if none. */
  readonly from: number;
  private readonly top: TopTokens | null;
  private readonly topFrom: number;
  private readonly targets: Float32Array | null;
  private readonly alternatives: TokenTable | null;
  /** One for each alternative, so that the first ones do not depend on how many there are. */
  private readonly streams: readonly RandomStream[];

  constructor(
    private readonly request: GenerateRequest,
    private readonly sampler: TokenSampler,
  ) {
    const { prompt, sampling, topPromptTokens: topCount = 0, promptAlternatives: count = 0, promptTargets } = request;
    this.topFrom = topCount > 0 ? Math.max(1, prompt.length - (request.topPromptLast ?? prompt.length)) : Infinity;
    this.top = topCount > 0 ? emptyTopTokens(prompt.length, topCount) : null;
    this.targets = promptTargets ? new Float32Array(promptTargets.tokens.data.length) : null;
    this.alternatives = count > 0 ? emptyTopTokens(prompt.length - 1, count) : null;
    this.streams = Array.from({ length: count }, (_, i) => new RandomStream(sampling.seed, `prompt_alternative/${i}`));
    this.from = Math.min(this.topFrom, count > 0 ? 1 : Infinity, firstPosition(promptTargets));
  }

  /** The tokens whose logits are all that is needed of `count` positions from `first` on; null if more of them is. */
  named(first: number, count: number): NamedTokens | null {
    if (this.top || this.alternatives) return null;
    const rows = Array.from({ length: count }, (_, i) => this.targetsOf(first + i));
    const { data } = this.request.promptTargets!.tokens;
    return {
      tokens: Int32Array.from(rows.flat(), (target) => data[target]!),
      offsets: offsetsOf(rows.map((row) => row.length)),
    };
  }

  /** @param next what the model says about position `position` of the prompt, from 1, given the tokens before it */
  put(position: number, { logits, named, logSum }: NextToken): void {
    if (this.top && position >= this.topFrom) putTopTokens(this.top, position, logits, logSum);
    if (this.alternatives) this.draw(this.alternatives, position, logits, logSum);
    const { promptTargets } = this.request;
    if (!this.targets || !promptTargets) return;
    for (const [i, target] of this.targetsOf(position).entries()) {
      const logit = named ? named[i] : logits[promptTargets.tokens.data[target]!];
      this.targets[target] = logit! - logSum;
    }
  }

  /** The targets of a position that count, by where they stand in the request. */
  private targetsOf(position: number): number[] {
    const { data, offsets } = this.request.promptTargets!.tokens;
    const targets: number[] = [];
    for (let i = offsets[position - 1]!; i < offsets[position]!; i++) if (data[i] !== NO_TARGET) targets.push(i);
    return targets;
  }

  results(): Pick<GenerateResult, 'promptTop' | 'promptTargets' | 'promptAlternatives'> {
    const { top, targets, alternatives, request } = this;
    return {
      ...(top ? { promptTop: top } : {}),
      ...(targets && request.promptTargets
        ? { promptTargets: { ...request.promptTargets.tokens, data: targets } }
        : {}),
      ...(alternatives ? { promptAlternatives: alternatives } : {}),
    };
  }

  private draw({ k, tokens, logprobs }: TokenTable, position: number, logits: Float32Array, logSum: number): void {
    const uniforms = this.streams.map((stream) => stream.uniform(position));
    const drawn = this.sampler.drawMany(logits, this.request.sampling.temperature, uniforms);
    const at = (position - 1) * k;
    tokens.set(drawn, at);
    drawn.forEach((token, i) => (logprobs[at + i] = logits[token]! - logSum));
  }
}

/** The first position with a target: those before it need not be scored. */
function firstPosition(targets: PromptTargets | undefined): number {
  if (!targets) return Infinity;
  const first = targets.tokens.data.findIndex((token) => token !== NO_TARGET);
  return first < 0 ? Infinity : targets.tokens.offsets.findIndex((offset) => offset > first);
}
