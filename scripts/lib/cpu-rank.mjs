/** Settings of a rank for tests and benchmarks: the hf engine on one CPU thread, in float32. */
export const CPU_RANK = Object.freeze({
  engine: 'hf',
  device: 'cpu',
  dtype: 'float32',
  quantization: 'none',
  batching: 'exact',
  deterministic: false,
  threads: 1,
  passTokens: null,
  tensor: 1,
  pipeline: 1,
  shard: false,
});
