import { type SamplingParams } from '../../../src/domain/sampling.js';

/** Draws from the model's own distribution; nothing but its length ends a continuation. */
export const PLAIN_SAMPLING: SamplingParams = {
  maxNewTokens: 8,
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  stopTokens: [],
  stopStrings: [],
  seed: 1,
};
