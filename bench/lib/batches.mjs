/** Batches for the benchmarks: the same tokens for every side, from a fixed seed. */

/** Numbers in [0, 1) from a seed (mulberry32, public domain). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const VOCABULARY = 49152;

/** Sequences of length + 1 tokens, so that each has `length` inputs and as many targets. */
export function sequencesOf(lengths, seed = 1) {
  const next = random(seed);
  return lengths.map((length) => Array.from({ length: length + 1 }, () => Math.floor(next() * VOCABULARY)));
}

/** Weight 1 on the last `share` of every sequence's targets, 0 before: an answer after a question. */
export function answerWeights(lengths, share) {
  return lengths.map((length) => Array.from({ length }, (_, i) => (i >= Math.round(length * (1 - share)) ? 1 : 0)));
}

/** A DatumBatch of src/domain/datum-batch.ts. */
export function batchOf(sequences, weights) {
  const offsets = new Int32Array(sequences.length + 1);
  sequences.forEach((sequence, i) => (offsets[i + 1] = offsets[i] + sequence.length - 1));
  const ragged = (data) => ({ data, offsets, trailingShape: [] });
  return {
    tokens: ragged(Int32Array.from(sequences.flatMap((sequence) => sequence.slice(0, -1)))),
    lossInputs: {
      target_tokens: ragged(Int32Array.from(sequences.flatMap((sequence) => sequence.slice(1)))),
      ...(weights ? { weights: ragged(Float32Array.from(weights.flat())) } : {}),
    },
  };
}

/** Log-probs of a sampler near those of random weights, and advantages of both signs: inputs of PPO. */
export function policyInputs(offsets, seed = 2) {
  const next = random(seed);
  const perToken = (value) => ({
    data: Float32Array.from({ length: offsets.at(-1) }, value),
    offsets,
    trailingShape: [],
  });
  return {
    logprobs: perToken(() => -Math.log(VOCABULARY) + 0.4 * (next() - 0.5)),
    advantages: perToken(() => 2 * next() - 1),
  };
}

/** The same batch as the service takes it: token-level datums. */
export function datumsOf(sequences) {
  return sequences.map((sequence) => ({
    model_input: { chunks: [{ type: 'encoded_text', tokens: sequence.slice(0, -1) }] },
    loss_fn_inputs: { target_tokens: { data: sequence.slice(1), dtype: 'int64', shape: [sequence.length - 1] } },
  }));
}

/** SamplingParams of src/domain/sampling.ts: exactly this many tokens, the most likely each time. */
export function greedy(maxNewTokens) {
  return {
    maxNewTokens,
    temperature: 0,
    topP: 1,
    topK: 0,
    minP: 0,
    repetitionPenalty: 1,
    stopTokens: [],
    stopStrings: [],
    seed: 1,
  };
}
