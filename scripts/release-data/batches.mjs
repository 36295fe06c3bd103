/** Small batches that differ from one another and are the same on every run. */

const FIRST_TOKEN = 3;
const TOKENS = 94;

export const tokensOf = (seed, length) =>
  Array.from({ length }, (_, i) => FIRST_TOKEN + ((seed * 17 + i * (5 + (seed % 3))) % TOKENS));

const numbers = (length, of) => Array.from({ length }, (_, i) => of(i));

export const tensor = (data, dtype = 'float32', shape = [data.length]) => ({ data, dtype, shape });

/** One datum of `length` tokens; `inputs` gets that length and returns the inputs of its loss beside the targets. */
export function datum(seed, length, inputs = () => ({})) {
  return {
    model_input: { chunks: [{ type: 'encoded_text', tokens: tokensOf(seed, length) }] },
    loss_fn_inputs: { target_tokens: tensor(tokensOf(seed + 1, length), 'int64'), ...inputs(length, seed) },
  };
}

/** Two datums of different lengths. */
export const batch = (seed, inputs) => [datum(seed, 6, inputs), datum(seed + 50, 4, inputs)];

/** A prompt that does not count, then an answer that does. */
export const weighted = (length) => ({ weights: tensor(numbers(length, (i) => (i < 2 ? 0 : 0.5 + i / 8))) });

/** What the losses of reinforcement learning read. */
export const policy = (length, seed) => ({
  logprobs: tensor(numbers(length, (i) => -1 - ((seed + i) % 5) / 2)),
  advantages: tensor(numbers(length, (i) => ((seed + i) % 3) - 0.75)),
});

/** Several targets for every position, as distillation has them. */
export function distilled(seed) {
  const length = 5;
  return {
    model_input: { chunks: [{ type: 'encoded_text', tokens: tokensOf(seed, length) }] },
    loss_fn_inputs: {
      target_tokens: tensor(tokensOf(seed + 1, 2 * length), 'int64', [length, 2]),
      weights: tensor(
        numbers(2 * length, (i) => (i % 2 ? 0.25 : 0.75)),
        'float32',
        [length, 2],
      ),
    },
  };
}
