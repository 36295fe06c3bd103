import { type SampledSequence, type SamplingParams } from '../../../src/domain/sampling.js';
import { emptyTopTokens, putTopTokens, type TopTokens } from '../../../src/domain/top-tokens.js';
import { type GenerateRequest, type TokenListener } from '../../../src/compute/compute-backend.js';

/* What the fake backend draws; see FakeBackend for the model. `given` is the bonus. */

export function logprob(token: number, target: number, given: number): number {
  return -(1 + ((token + target) % 4)) + given;
}

export function scoresAfter(token: number, given: number, vocabSize: number): Float32Array {
  return Float32Array.from({ length: vocabSize }, (_, target) => logprob(token, target, given));
}

export function topOf(
  { prompt, topSampledTokens: k = 0 }: GenerateRequest,
  { tokens }: SampledSequence,
  given: number,
  vocabSize: number,
): { top?: TopTokens } {
  if (k === 0) return {};
  const top = emptyTopTokens(tokens.length, k);
  const before = [prompt.at(-1) ?? 0, ...tokens];
  tokens.forEach((_, i) => putTopTokens(top, i, scoresAfter(before[i] ?? 0, given, vocabSize), 0));
  return { top };
}

export function sample(
  { prompt, sampling }: GenerateRequest,
  index: number,
  given: number,
  vocabSize: number,
  onToken?: TokenListener,
): SampledSequence {
  const tokens: number[] = [];
  const logprobs: number[] = [];
  let last = prompt.at(-1) ?? 0;
  while (tokens.length < sampling.maxNewTokens) {
    const drawn =
      sampling.temperature === 0
        ? 0
        : Number(BigInt.asUintN(64, BigInt(sampling.seed)) % 97n) + 7 * index + tokens.length;
    const token = (last + 1 + Math.floor(Math.abs(given)) + drawn) % vocabSize;
    tokens.push(token);
    logprobs.push(logprob(last, token, given));
    onToken?.({ index, token, logprob: logprob(last, token, given) });
    last = token;
    if (ends(tokens, sampling)) break;
  }
  const stopReason = ends(tokens, sampling) ? 'stop' : 'length';
  return { tokens: Int32Array.from(tokens), logprobs: Float32Array.from(logprobs), stopReason };
}

function ends(tokens: readonly number[], { stopTokens, stopStrings }: SamplingParams): boolean {
  const last = tokens.at(-1);
  if (last !== undefined && stopTokens.includes(last)) return true;
  const text = tokens.join(' ');
  return stopStrings.some((stop) => text.includes(stop));
}
