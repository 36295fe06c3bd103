import { type SamplingParams } from '../../domain/sampling.js';
import { NonFiniteLogitsError } from '../numeric.errors.js';

/*
 * Draws a token from one row of logits. What is kept, and with which probability, is what transformers' processors leave
 * in their order: repetition penalty, temperature, top-k, top-p, min-p. Logit bias comes before, frequency and presence
 * penalties after the repetition penalty, as in vLLM. Nothing of vocabulary size is sorted or
 * allocated: greedy and plain temperature are passes over the row, top-k keeps a heap of k, top-p sorts only the few
 * tokens around the edge of the nucleus.
 *
 * Arithmetic is float64 from float32 logits. All sums run in the order of token ids, so the same row and the same uniform
 * number give the same token.
 */

export type TokenParams = Pick<
  SamplingParams,
  'temperature' | 'topK' | 'topP' | 'minP' | 'repetitionPenalty' | 'frequencyPenalty' | 'presencePenalty' | 'logitBias'
>;

/** The text before the token to draw, as far as penalties depend on it. */
export interface TextSoFar {
  /** Tokens of the prompt and those sampled, each once. */
  readonly seen: ArrayLike<number>;
  /** How often each token has been sampled. */
  readonly counts: ReadonlyMap<number, number>;
}

/** For parameters without penalties. */
export const NO_TEXT: TextSoFar = { seen: [], counts: new Map() };

/** exp() of its distance to any other score is 0. */
const LEAST = -3.4028234663852886e38;

/** Steps in which the search for the nucleus sums up masses; the last bucket holds all below exp(-64). */
const BUCKETS_PER_NAT = 16;
const BUCKETS = 64 * BUCKETS_PER_NAT;

/** Does sampling draw from the model's own distribution? */
export function isPlain(params: TokenParams): boolean {
  return params.temperature === 1 && isTemperatureAlone(params);
}

/** Does nothing but the temperature stand between the model's distribution and the token? */
export function isTemperatureAlone(params: TokenParams): boolean {
  const { temperature, topK, topP, minP } = params;
  const cutsNothing = temperature === 0 || (topK === 0 && topP === 1 && minP === 0);
  return cutsNothing && !changesLogits(params);
}

/** Does a penalty depend on how often tokens have been sampled? */
export function countsTokens({ frequencyPenalty = 0, presencePenalty = 0 }: TokenParams): boolean {
  return frequencyPenalty !== 0 || presencePenalty !== 0;
}

function changesLogits(params: TokenParams): boolean {
  return params.repetitionPenalty !== 1 || countsTokens(params) || (params.logitBias?.length ?? 0) > 0;
}

/**
 * Draws from the model's own distribution, without an exponential for each token of the vocabulary.
 *
 * @param probabilities one row, which sums up to 1 but for rounding
 * @param uniform a number in [0, 1)
 * @throws NonFiniteLogitsError
 */
export function drawPlain(probabilities: Float32Array, uniform: number): number {
  let all = 0;
  for (let i = 0; i < probabilities.length; i++) all += probabilities[i]!;
  if (!Number.isFinite(all)) throw new NonFiniteLogitsError();
  return drawnAt(probabilities, uniform * all);
}

/** Holds work space for one vocabulary size; one instance serves any number of sequences, one call at a time. */
export class TokenSampler {
  /** Logits after bias and penalties. */
  readonly #penalized: Float32Array;
  /** exp((score - largest score) / temperature) of the tokens that are kept, 0 for the others. */
  readonly #masses: Float64Array;
  readonly #candidates: Float64Array;
  readonly #bucketSums = new Float64Array(BUCKETS);

  constructor(vocabSize: number) {
    this.#penalized = new Float32Array(vocabSize);
    this.#masses = new Float64Array(vocabSize);
    this.#candidates = new Float64Array(vocabSize);
  }

  /**
   * @param logits one row, of the vocabulary's size; not changed
   * @param text for penalties
   * @param uniform a number in [0, 1), which alone decides among the tokens kept; temperature 0 ignores it and takes the
   *   most likely token, of equal ones the lowest id
   * @param allowed bit by bit, the tokens that may be drawn, at least one; null: all
   * @returns the token
   * @throws NonFiniteLogitsError
   */
  sample(
    logits: Float32Array,
    params: TokenParams,
    text: TextSoFar,
    uniform: number,
    allowed: Int32Array | null = null,
  ): number {
    const scores = this.#allowed(this.#scores(logits, params, text), allowed);
    if (params.temperature === 0) return scores.indexOf(largestOf(scores));
    const kept = this.#fillMasses(scores, params);
    return drawnAt(this.#masses, uniform * kept);
  }

  /**
   * As many draws, with replacement and nothing cut off, as there are uniform numbers: what sample() gives for each, in
   * one pass over the row.
   * @throws NonFiniteLogitsError
   */
  drawMany(logits: Float32Array, temperature: number, uniforms: readonly number[]): Int32Array {
    const params = { temperature, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
    const tokens = new Int32Array(uniforms.length);
    if (temperature === 0) return tokens.fill(this.sample(logits, params, NO_TEXT, 0));
    const all = this.#fillMasses(this.#scores(logits, params, NO_TEXT), params);
    const masses = this.#masses;
    const rising = [...uniforms.keys()].sort((a, b) => uniforms[a]! - uniforms[b]!);
    let [done, sum, last] = [0, 0, 0];
    for (let i = 0; i < masses.length && done < rising.length; i++) {
      if (masses[i] === 0) continue;
      last = i;
      sum += masses[i]!;
      while (done < rising.length && sum > uniforms[rising[done]!]! * all) tokens[rising[done++]!] = i;
    }
    for (; done < rising.length; done++) tokens[rising[done]!] = last;
    return tokens;
  }

  /** The probability of every token under `params`; at temperature 0, 1 for the token that would be taken. */
  probabilities(logits: Float32Array, params: TokenParams, text: TextSoFar): Float64Array {
    if (params.temperature === 0) {
      const certain = new Float64Array(logits.length);
      certain[this.sample(logits, params, text, 0)] = 1;
      return certain;
    }
    const kept = this.#fillMasses(this.#scores(logits, params, text), params);
    return this.#masses.map((mass) => mass / kept);
  }

  /**
   * The logits themselves, or a copy with the bias, with the penalty of CTRL (arXiv:1909.05858) on each token seen, and
   * with the penalties of OpenAI's API on each token sampled.
   */
  #scores(logits: Float32Array, params: TokenParams, { seen, counts }: TextSoFar): Float32Array {
    if (logits.length !== this.#masses.length) {
      throw new TypeError(`A row of ${logits.length} logits for a vocabulary of ${this.#masses.length}.`);
    }
    if (!changesLogits(params)) return logits;
    const { repetitionPenalty, frequencyPenalty = 0, presencePenalty = 0, logitBias = [] } = params;
    const scores = this.#penalized;
    scores.set(logits);
    for (const [token, bias] of logitBias) scores[token]! += bias;
    if (repetitionPenalty !== 1) {
      for (let i = 0; i < seen.length; i++) {
        const score = scores[seen[i]!]!;
        scores[seen[i]!] = score < 0 ? score * repetitionPenalty : score / repetitionPenalty;
      }
    }
    if (countsTokens(params)) {
      for (const [token, count] of counts) scores[token]! -= count * frequencyPenalty + presencePenalty;
    }
    return scores;
  }

  /** The scores with the least that float32 has for tokens that may not be drawn: no bias and no penalty outweighs it. */
  #allowed(scores: Float32Array, allowed: Int32Array | null): Float32Array {
    if (allowed === null) return scores;
    const masked = this.#penalized;
    // What is not finite is found before it is hidden.
    largestOf(scores);
    if (scores !== masked) masked.set(scores);
    for (let i = 0; i < masked.length; i++) {
      if (((allowed[i >> 5] ?? 0) & (1 << (i & 31))) === 0) masked[i] = LEAST;
    }
    return masked;
  }

  /** Fills the masses; gives the sum of those that are kept. */
  #fillMasses(scores: Float32Array, { temperature, topK, topP, minP }: TokenParams): number {
    const largest = largestOf(scores);
    const threshold = topK > 0 && topK < scores.length ? kthLargest(scores, topK) : -Infinity;
    const masses = this.#masses;
    let all = 0;
    for (let i = 0; i < scores.length; i++) {
      const mass = scores[i]! >= threshold ? Math.exp((scores[i]! - largest) / temperature) : 0;
      masses[i] = mass;
      all += mass;
    }
    if (topP >= 1 && minP <= 0) return all;
    if (topP < 1) {
      const scale = BUCKETS_PER_NAT / temperature;
      this.#cutNucleus(all, topP, (i) => Math.min(Math.trunc((largest - scores[i]!) * scale), BUCKETS - 1));
    }
    let kept = 0;
    for (let i = 0; i < masses.length; i++) {
      if (masses[i]! < minP) masses[i] = 0; // the most likely token's mass is 1
      kept += masses[i]!;
    }
    return kept;
  }

  /**
   * Keeps the most likely tokens until their masses reach topP of all (Holtzman et al., arXiv:1904.09751), at least one; of
   * equal tokens at the edge the lowest ids. Masses are summed by bucket of -log(mass), so that only the bucket in which
   * the edge lies needs sorting.
   */
  #cutNucleus(all: number, topP: number, bucketOf: (token: number) => number): void {
    const masses = this.#masses;
    const sums = this.#bucketSums.fill(0);
    for (let i = 0; i < masses.length; i++) if (masses[i]! > 0) sums[bucketOf(i)]! += masses[i]!;
    let edge = 0;
    let inside = 0;
    while (edge < BUCKETS - 1 && inside + sums[edge]! < topP * all) inside += sums[edge++]!;
    let count = 0;
    for (let i = 0; i < masses.length; i++) {
      if (masses[i]! > 0 && bucketOf(i) === edge) this.#candidates[count++] = masses[i]!;
    }
    if (count === 0) return; // topP so near 1 that rounding puts the edge behind the last token
    const ascending = this.#candidates.subarray(0, count).sort();
    let first = count - 1;
    for (inside += ascending[first]!; first > 0 && inside < topP * all; first--) inside += ascending[first - 1]!;
    const smallest = ascending[first]!;
    let equalKept = 0;
    while (ascending[first + equalKept] === smallest) equalKept++;
    for (let i = 0; i < masses.length; i++) {
      if (masses[i]! < smallest || (masses[i] === smallest && equalKept-- <= 0)) masses[i] = 0;
    }
  }
}

/** The token in whose share of the summed masses the target lies. */
function drawnAt(masses: Float32Array | Float64Array, target: number): number {
  let sum = 0;
  let last = 0;
  for (let i = 0; i < masses.length; i++) {
    if (masses[i] === 0) continue;
    last = i;
    sum += masses[i]!;
    if (sum > target) return i;
  }
  return last;
}

/** Throws NonFiniteLogitsError when any number is NaN or infinite. */
function largestOf(logits: Float32Array): number {
  let largest = -Infinity;
  let probe = 0;
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i]!;
    probe += value * 0; // NaN from the first number on that is not finite
    if (value > largest) largest = value;
  }
  if (probe !== 0) throw new NonFiniteLogitsError();
  return largest;
}

/** The k-th largest number, 0 < k < length, by a heap of the k largest so far with the smallest on top. */
function kthLargest(values: Float32Array, k: number): number {
  const heap = values.slice(0, k).sort(); // ascending order is a valid heap
  for (let i = k; i < values.length; i++) if (values[i]! > heap[0]!) replaceSmallest(heap, values[i]!);
  return heap[0]!;
}

function replaceSmallest(heap: Float32Array, value: number): void {
  let parent = 0;
  for (;;) {
    let child = 2 * parent + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
    if (heap[child]! >= value) break;
    heap[parent] = heap[child]!;
    parent = child;
  }
  heap[parent] = value;
}
